import { describe, expect, test } from 'vitest';
import { alwaysAllow } from '../authz/rbac.ts';
import type { AdmissionCall } from '../call.ts';
import { admissionCall, resourceInfo } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import { isObject, type JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import { createRegistry } from '../registry.ts';
import { createAdmission } from './admission.ts';
import type { WebhookPost } from './webhook-call.ts';

type Answer = JsonObject | 'silence';
const patch = (...operations: JsonObject[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const annotate = (key: string) => patch({ op: 'add', path: `/metadata/annotations/${key}`, value: 'yes' });

/** An API with the webhooks that `answers` names, all of which look at secrets. */
function lab(kind: 'mutating' | 'validating', answers: Record<string, Answer>, more: JsonObject = {}) {
  const reader = objectReader();
  const asked: { path: string; request: JsonObject }[] = [];
  const post: WebhookPost = async ({ url }, body) => {
    const path = new URL(url).pathname.slice(1);
    const review: unknown = JSON.parse(body);
    const request = (isObject(review) ? objectAt(review, 'request') : undefined) ?? {};
    asked.push({ path, request });
    const answer = answers[path] ?? {};
    if (answer === 'silence') return new Promise(() => undefined);
    const response = { uid: textAt(request, 'uid'), ...answer };
    return { status: 200, body: JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response }) };
  };
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] }];
  const webhooks = Object.keys(answers).map((name) => ({
    name: `${name}.labs.example.com`,
    clientConfig: { url: `https://hooks/${name}` },
    sideEffects: 'None',
    rules,
    ...(name === 'one' && { reinvocationPolicy: 'IfNeeded' }),
    ...more,
  }));
  reader.put({ group: '', plural: 'namespaces' }, { metadata: { name: 'n', labels: { team: 'blue' } } });
  reader.put({ group: 'admissionregistration.k8s.io', plural: `${kind}webhookconfigurations` }, { metadata: { name: 'c' }, webhooks });
  const admission = createAdmission({
    reader,
    registry: createRegistry(),
    services: { cidr: '10.0.0.0/24' },
    post,
    authorizer: alwaysAllow,
  });
  return { admission, asked };
}

function secret(of: Partial<AdmissionCall> = {}): AdmissionCall {
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'n', annotations: { start: '1' } },
    data: { k: 'eA==' },
  };
  return admissionCall({ resource: resourceInfo({ kind: 'Secret', plural: 'secrets' }), namespace: 'n', name: 's', object, ...of });
}

describe('a validating webhook', () => {
  test.each([
    [{ allowed: false, status: { message: 'not on my watch' } }, 'denied the request: not on my watch', { status: 400, reason: '' }],
    [
      { allowed: false, status: { code: 403, reason: 'Forbidden', message: 'no' } },
      'denied the request: no',
      { status: 403, reason: 'Forbidden' },
    ],
    [{ allowed: false }, 'denied the request without explanation', { status: 400 }],
  ])('that answers %j refuses in its own words', async (answer, message, rest) => {
    const { admission } = lab('validating', { a: answer });
    const refusal = admission.validate(secret());
    await expect(refusal).rejects.toThrow(`admission webhook "a.labs.example.com" ${message}`);
    await expect(refusal).rejects.toMatchObject(rest);
  });

  test('sees who does what to which object', async () => {
    const { admission, asked } = lab('validating', { a: { allowed: true } });
    await admission.validate(secret({ user: { username: 'ada', groups: ['lab'] }, dryRun: true, options: { kind: 'CreateOptions' } }));
    expect(asked[0]?.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Secret' },
      resource: { group: '', version: 'v1', resource: 'secrets' },
      name: 's',
      namespace: 'n',
      operation: 'CREATE',
      userInfo: { username: 'ada', groups: ['lab'] },
      object: { kind: 'Secret', metadata: { name: 's' } },
      oldObject: null,
      dryRun: true,
      options: { kind: 'CreateOptions' },
    });
  });

  test('may warn, but not patch', async () => {
    const warnings: string[] = [];
    const warner = lab('validating', { a: { allowed: true, warnings: ['careful'] } });
    await warner.admission.validate(secret({ warn: (text) => void warnings.push(text) }));
    expect(warnings).toEqual(['careful']);
    const patcher = lab('validating', { a: annotate('x') });
    await expect(patcher.admission.validate(secret())).rejects.toThrow('validating webhook may not return response.patch');
  });

  test('that answers for another request fails the write, unless failures are ignored', async () => {
    const { admission } = lab('validating', { a: { allowed: true, uid: 'other' } });
    await expect(admission.validate(secret())).rejects.toThrow(
      /^Internal error occurred: failed calling webhook "a.labs.example.com": received invalid webhook response: expected response.uid=/,
    );
    const lenient = lab('validating', { a: { allowed: true, uid: 'other' } }, { failurePolicy: 'Ignore' });
    await expect(lenient.admission.validate(secret())).resolves.toBeUndefined();
  });

  test('that never answers is given up after its time', async () => {
    const { admission } = lab('validating', { a: 'silence' }, { timeoutSeconds: 0.02 });
    await expect(admission.validate(secret())).rejects.toThrow('failed to call webhook: context deadline exceeded');
  });

  test('of a service that does not exist fails the write', async () => {
    const { admission } = lab('validating', { a: {} }, { clientConfig: { service: { name: 'none', namespace: 'n' } } });
    await expect(admission.validate(secret())).rejects.toThrow('failed to call webhook: service "none" not found');
  });

  test.each([
    ['another namespace', { namespaceSelector: { matchLabels: { team: 'red' } } }],
    ['another object', { objectSelector: { matchLabels: { app: 'x' } } }],
    ['a condition that does not hold', { matchConditions: [{ name: 'c', expression: '"absent" in object.data' }] }],
    [
      'a false condition beside a broken one',
      {
        matchConditions: [
          { name: 'b', expression: 'object.spec.x' },
          { name: 'c', expression: 'false' },
        ],
      },
    ],
  ])('is not asked for %s', async (_, terms) => {
    const { admission, asked } = lab('validating', { a: { allowed: false } }, terms);
    await admission.validate(secret());
    expect(asked).toEqual([]);
  });

  test('with side effects stops a dry run', async () => {
    const { admission } = lab('validating', { a: { allowed: true } }, { sideEffects: 'Some' });
    await expect(admission.validate(secret({ dryRun: true }))).rejects.toMatchObject({ code: 'BadRequest' });
  });
});

describe('mutating webhooks', () => {
  test('change the object one after the other, and the first is asked again about what came after it', async () => {
    const { admission, asked } = lab('mutating', { one: annotate('one'), two: annotate('two') });
    const call = secret();
    await admission.mutate(call);
    expect(call.object).toMatchObject({ metadata: { annotations: { start: '1', one: 'yes', two: 'yes' } } });
    expect(asked.map(({ path }) => path)).toEqual(['one', 'two', 'one']);
  });

  test('that change nothing are asked once', async () => {
    const { admission, asked } = lab('mutating', { one: { allowed: true }, two: { allowed: true } });
    await admission.mutate(secret());
    expect(asked.map(({ path }) => path)).toEqual(['one', 'two']);
  });
});
