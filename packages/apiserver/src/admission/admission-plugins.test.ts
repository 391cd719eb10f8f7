import { describe, expect, test } from 'vitest';
import { admissionCall, resourceInfo } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import type { JsonObject } from '../json.ts';
import { selects } from '../select/label-match.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podSecurity } from './pod-security.ts';
import { podServiceAccount } from './pod-service-account.ts';

const pods = resourceInfo({ kind: 'Pod', plural: 'pods' });
const namespaces = { group: '', plural: 'namespaces' };

function pod(container: JsonObject, spec: JsonObject = {}): JsonObject {
  return { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [{ name: 'c', ...container }], ...spec } };
}

const create = (object: JsonObject) => admissionCall({ resource: pods, namespace: 'n', name: 'p', object });

describe('a namespace', () => {
  test('that does not exist takes nothing', () => {
    expect(() => namespaceLifecycle(objectReader()).mutate?.(create(pod({})))).toThrow('namespaces "n" not found');
  });

  test('that is going takes nothing new, and says so in a cause', () => {
    const reader = objectReader();
    reader.put(namespaces, { metadata: { name: 'n', deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const refused = () => namespaceLifecycle(reader).mutate?.(create(pod({})));
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'Forbidden',
        details: expect.objectContaining({ causes: [expect.objectContaining({ reason: 'NamespaceTerminating' })] }),
      }),
    );
  });

  test('of the system may not be deleted', () => {
    const resource = resourceInfo({ kind: 'Namespace', plural: 'namespaces', namespaced: false });
    const call = admissionCall({ resource, operation: 'DELETE', name: 'kube-system' });
    expect(() => namespaceLifecycle(objectReader()).mutate?.(call)).toThrow(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
  });
});

describe('a limit range', () => {
  const reader = objectReader();
  const container = {
    type: 'Container',
    default: { cpu: '500m', memory: '256Mi' },
    defaultRequest: { cpu: '100m', memory: '256Mi' },
    max: { cpu: '1' },
    min: { memory: '16Mi' },
    maxLimitRequestRatio: { cpu: '5' },
  };
  reader.put(
    { group: '', plural: 'limitranges' },
    { metadata: { name: 'l', namespace: 'n' }, spec: { limits: [container, { type: 'Pod', max: { memory: '1Gi' } }] } },
  );
  const plugin = limitRanger(reader);

  test('fills in what a container leaves out, and notes it', () => {
    const call = create(pod({}));
    void plugin.mutate?.(call);
    expect(call.object).toMatchObject({
      metadata: {
        annotations: {
          'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c',
        },
      },
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '256Mi' } } }] },
    });
  });

  test.each([
    [
      { limits: { cpu: '2', memory: '256Mi' }, requests: { cpu: '2', memory: '256Mi' } },
      'maximum cpu usage per Container is 1, but limit is 2',
    ],
    [
      { limits: { cpu: '900m', memory: '8Mi' }, requests: { cpu: '10m', memory: '8Mi' } },
      '[minimum memory usage per Container is 16Mi, but request is 8Mi, cpu max limit to request ratio per Container is 5, but provided ratio is 90.000000]',
    ],
    [
      { limits: { cpu: '500m', memory: '2Gi' }, requests: { cpu: '100m', memory: '2Gi' } },
      'maximum memory usage per Pod is 1Gi, but limit is 2Gi',
    ],
  ])('refuses %j', (resources, why) => {
    expect(() => plugin.validate?.(create(pod({ resources })))).toThrow(`pods "p" is forbidden: ${why}`);
  });
});

describe('pod security', () => {
  const good = {
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  function plugin(level: string) {
    const reader = objectReader();
    reader.put(namespaces, { metadata: { name: 'n', labels: { 'pod-security.kubernetes.io/enforce': level } } });
    return podSecurity(reader, {});
  }

  test('at restricted lets a hardened pod in, and refuses a plain one with every reason', () => {
    void plugin('restricted').validate?.(create(pod(good)));
    expect(() => plugin('restricted').validate?.(create(pod({})))).toThrow(
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  test('at baseline refuses the host and privileges, but not a plain pod', () => {
    void plugin('baseline').validate?.(create(pod({})));
    const bad = pod({ securityContext: { privileged: true } }, { hostNetwork: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] });
    expect(() => plugin('baseline').validate?.(create(bad))).toThrow(
      'host namespaces (hostNetwork=true), hostPath volumes (volume "v"), privileged (container "c" must not set securityContext.privileged=true)',
    );
  });

  test('takes a level that it does not know for the strictest', () => {
    expect(() => plugin('open').validate?.(create(pod({})))).toThrow('violates PodSecurity "restricted:latest"');
  });
});

test('a pod runs as the default account and finds its token', () => {
  const reader = objectReader();
  reader.put({ group: '', plural: 'serviceaccounts' }, { metadata: { name: 'default', namespace: 'n' } });
  const call = create(pod({}));
  void podServiceAccount(reader).mutate?.(call);
  expect(call.object).toMatchObject({
    spec: {
      serviceAccountName: 'default',
      containers: [{ volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }] }],
      volumes: [{ projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: {} }, { downwardAPI: {} }] } }],
    },
  });
});

test('a selector matches labels by all of its terms', () => {
  const selector = {
    matchLabels: { a: '1' },
    matchExpressions: [
      { key: 'b', operator: 'In', values: ['x'] },
      { key: 'c', operator: 'DoesNotExist' },
    ],
  };
  expect(selects(selector, { a: '1', b: 'x' })).toBe(true);
  expect(selects(selector, { a: '1', b: 'x', c: '' })).toBe(false);
  expect(selects({}, {})).toBe(true);
  expect(selects(undefined, {})).toBe(false);
});
