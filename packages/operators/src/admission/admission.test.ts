import {
  type Instance,
  InstanceSpec,
  type Template,
  TemplateSpec,
  type Tenant,
  TenantSpec,
  tenantNamespace,
  type Workspace,
} from '@crownlabs/api';
import { systemClock } from '@crownlabs/std';
import { describe, expect, test } from 'vitest';
import { SINGLE_MACHINE } from '../config.ts';
import { admissionHandlers } from './handlers.ts';
import type { AdmissionWorld } from './world.ts';

const config = { ...SINGLE_MACHINE, publicUrl: 'http://localhost', baseWorkspaces: ['utilities'] };
const now = new Date().toISOString();

const workspace = (name: string, autoEnroll: '' | 'withApproval' | 'immediate'): Workspace => ({
  apiVersion: 'crownlabs.polito.it/v1alpha1',
  kind: 'Workspace',
  metadata: { name },
  spec: { prettyName: name, autoEnroll, quota: { cpu: 10, memory: '20G', instances: 3 } },
});

const person = (name: string, spec: object = {}): Tenant => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'Tenant',
  metadata: { name },
  spec: TenantSpec.parse({ firstName: 'A', lastName: 'B', email: 'a@b.it', ...spec }),
});

const template = (name: string, namespace: string, cpu = 4): Template => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'Template',
  metadata: { name, namespace },
  spec: TemplateSpec.parse({
    prettyName: name,
    environmentList: [{ name: 'e', image: 'i', environmentType: 'Container', resources: { cpu, memory: '1G', reservedCPUPercentage: 10 } }],
  }),
});

const instance = (
  name: string,
  of: { template?: string; namespace?: string; tenant?: string; running?: boolean; labels?: Record<string, string> } = {},
): Instance => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'Instance',
  metadata: { name, namespace: tenantNamespace('stud'), ...(of.labels ? { labels: of.labels } : {}) },
  spec: InstanceSpec.parse({
    'template.crownlabs.polito.it/TemplateRef': { name: of.template ?? 'four', namespace: of.namespace ?? 'workspace-net' },
    'tenant.crownlabs.polito.it/TenantRef': { name: of.tenant ?? 'stud' },
    running: of.running ?? true,
  }),
});

const byName = <T extends { metadata: { name: string } }>(list: T[]) => new Map(list.map((it) => [it.metadata.name, it]));

function handlers(there: Instance[] = []) {
  const tenants = byName([
    person('stud', {
      workspaces: [
        { name: 'net', role: 'user' },
        { name: 'other', role: 'user' },
      ],
    }),
    person('boss', { workspaces: [{ name: 'net', role: 'manager' }] }),
  ]);
  const workspaces = byName([
    workspace('net', ''),
    workspace('other', ''),
    workspace('free', 'immediate'),
    workspace('ask', 'withApproval'),
  ]);
  const templates = byName([
    template('four', 'workspace-net'),
    template('elsewhere', 'workspace-other'),
    template('secret', 'workspace-free'),
  ]);
  const world: AdmissionWorld = {
    tenant: async (name) => tenants.get(name),
    workspace: async (name) => workspaces.get(name),
    template: async (name) => templates.get(name),
    knownTemplate: (name) => templates.get(name),
    workspaceIn: () => undefined,
    knownSharedVolume: () => undefined,
    instancesIn: () => there,
    tenantsIn: (namespace) => [...tenants.values()].filter(({ metadata }) => tenantNamespace(metadata.name) === namespace),
    ownsNamespace: (tenant, namespace) => namespace === tenantNamespace(tenant),
  };
  const made = admissionHandlers({ config, clock: systemClock });
  made.open(world);
  return made;
}

interface Answer {
  allowed: boolean;
  warnings?: string[];
  patch?: string;
  status?: { code: number; message: string };
}

async function ask(
  path: string,
  user: { name: string; groups?: string[] },
  object: object,
  more: { old?: object; there?: Instance[] } = {},
): Promise<Answer> {
  const { metadata } = object as { metadata: { name: string; namespace?: string } };
  const userInfo = { username: user.name, groups: user.groups ?? [] };
  const operation = more.old ? 'UPDATE' : 'CREATE';
  const request = {
    uid: 'r',
    operation,
    userInfo,
    name: metadata.name,
    namespace: metadata.namespace,
    object,
    oldObject: more.old ?? null,
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const handler = handlers(more.there).byPath.get(path);
  const text = await handler?.(JSON.stringify(review), AbortSignal.timeout(1000));
  return (JSON.parse(text ?? '') as { response: Answer }).response;
}

const TENANT = '/validator-v1alpha2-tenant';
const INSTANCE = '/validator-v1alpha2-instance';

describe('a person changes a tenant', () => {
  const me = {
    workspaces: [
      { name: 'net', role: 'user' },
      { name: 'free', role: 'user' },
    ],
  };
  const BASE = { name: 'utilities', role: 'user' };
  const quota = { cpu: 1, memory: '1G', instances: 1 };
  const cases: [string, string, object, object, boolean][] = [
    ['adds a key to himself', 'stud', me, { ...me, publicKeys: ['ssh-rsa A'] }, true],
    ['says that he signed in', 'stud', me, { ...me, lastLogin: now }, true],
    ['says that he signed in last year', 'stud', me, { ...me, lastLogin: '2020-01-01T00:00:00Z' }, false],
    ['joins an open workspace as user', 'stud', {}, { workspaces: [{ name: 'free', role: 'user' }] }, true],
    ['joins an open workspace as manager', 'stud', {}, { workspaces: [{ name: 'free', role: 'manager' }] }, false],
    ['asks to join', 'stud', {}, { workspaces: [{ name: 'ask', role: 'candidate' }] }, true],
    ['is given a base workspace with the next change', 'stud', me, { ...me, workspaces: [...me.workspaces, BASE] }, true],
    ['manages a base workspace', 'stud', me, { ...me, workspaces: [...me.workspaces, { ...BASE, role: 'manager' }] }, false],
    ['joins without asking', 'stud', {}, { workspaces: [{ name: 'ask', role: 'user' }] }, false],
    ['leaves an open workspace', 'stud', me, { workspaces: [{ name: 'net', role: 'user' }] }, true],
    ['leaves a closed workspace', 'stud', me, { workspaces: [{ name: 'free', role: 'user' }] }, false],
    ['changes his address', 'stud', me, { ...me, email: 'x@y.it' }, false],
    ['gives himself a sandbox', 'stud', me, { ...me, createSandbox: true }, false],
    ['gives himself a personal workspace', 'stud', me, { ...me, personalWorkspace: quota }, false],
    [
      'says the same in another order',
      'stud',
      { ...me, personalWorkspace: quota },
      { ...me, personalWorkspace: { instances: 1, memory: '1G', cpu: 1 } },
      true,
    ],
    ['manages his workspace', 'boss', {}, { workspaces: [{ name: 'net', role: 'user' }] }, true],
    [
      'promotes in his workspace',
      'boss',
      me,
      {
        workspaces: [
          { name: 'net', role: 'manager' },
          { name: 'free', role: 'user' },
        ],
      },
      true,
    ],
    ['manages another workspace', 'boss', {}, { workspaces: [{ name: 'free', role: 'user' }] }, false],
    ['renames a student', 'boss', me, { ...me, firstName: 'Z' }, false],
  ];
  test.each(cases)('%s (%s)', async (...one) => {
    const [, actor, before, after, allowed] = one;
    const answer = await ask(TENANT, { name: actor }, person('stud', after), { old: person('stud', before) });
    expect(answer.allowed).toBe(allowed);
    expect(answer.status?.code ?? 200).toBe(allowed ? 200 : 403);
  });

  test('a manager makes a tenant in his own workspace, base workspaces included, and in no other', async () => {
    const own = [
      { name: 'net', role: 'user' },
      { name: 'utilities', role: 'user' },
    ];
    expect((await ask(TENANT, { name: 'boss' }, person('new', { workspaces: own }))).allowed).toBe(true);
    expect((await ask(TENANT, { name: 'boss' }, person('new', { workspaces: [{ name: 'free', role: 'user' }] }))).allowed).toBe(false);
  });

  test('nobody knows what an unknown actor manages', async () => {
    expect((await ask(TENANT, { name: 'ghost' }, person('new', {}))).status?.code).toBe(404);
  });

  test('an administrator is let through with a warning; a review without an object is a bad request', async () => {
    const answer = await ask(TENANT, { name: 'root', groups: ['kubernetes:admin'] }, person('stud', { email: 'x@y.it' }), {
      old: person('stud'),
    });
    expect(answer).toMatchObject({ allowed: true, warnings: ['webhook check overridden'] });
    const text = await handlers().byPath.get(TENANT)?.('{"request":{"uid":"u"}}', AbortSignal.timeout(1000));
    expect(JSON.parse(text ?? '')).toMatchObject({ response: { uid: 'u', allowed: false, status: { code: 400 } } });
  });

  test('a label that gives rights cannot be given by hand', async () => {
    const labelled = { ...person('stud', me), metadata: { name: 'stud', labels: { 'crownlabs.polito.it/workspace-net': 'manager' } } };
    expect((await ask(TENANT, { name: 'stud' }, labelled, { old: person('stud', me) })).status?.code).toBe(403);
  });

  test('a personal workspace in use stays, even for administrators', async () => {
    const quota = { personalWorkspace: { cpu: 1, memory: '1G', instances: 1 } };
    const mine = { ...instance('i', { template: 'mine', namespace: 'tenant-stud' }) };
    const made = admissionHandlers({ config, clock: systemClock });
    const mineTemplate = template('mine', 'tenant-stud');
    made.open({ ...emptyWorld(), knownTemplate: () => mineTemplate, instancesIn: () => [mine] });
    const request = {
      uid: 'u',
      operation: 'UPDATE',
      userInfo: { groups: ['system:masters'] },
      object: person('stud'),
      oldObject: person('stud', quota),
    };
    const text = await made.byPath.get(TENANT)?.(JSON.stringify({ request }), AbortSignal.timeout(1000));
    expect(JSON.parse(text ?? '')).toMatchObject({ response: { allowed: false, status: { code: 409 } } });
  });
});

function emptyWorld(): AdmissionWorld {
  return {
    tenant: async () => undefined,
    workspace: async () => undefined,
    template: async () => undefined,
    knownTemplate: () => undefined,
    workspaceIn: () => undefined,
    knownSharedVolume: () => undefined,
    instancesIn: () => [],
    tenantsIn: () => [],
    ownsNamespace: () => true,
  };
}

test('everybody becomes a user of the base workspaces', async () => {
  const { patch } = await ask(
    '/defaulter-v1alpha2-tenant',
    { name: 'boss' },
    person('new', { workspaces: [{ name: 'net', role: 'user' }] }),
  );
  expect(JSON.parse(Buffer.from(patch ?? '', 'base64').toString())).toEqual([
    {
      op: 'add',
      path: '/spec/workspaces',
      value: [
        { name: 'net', role: 'user' },
        { name: 'utilities', role: 'user' },
      ],
    },
  ]);
});

test.each([TENANT, '/defaulter-v1alpha2-tenant', '/validator-v1alpha2-template', '/validator-v1alpha2-instancesnapshot', INSTANCE])(
  'what has no spec, which the schema lets through, is refused in words at %s, also from administrators',
  async (path) => {
    const answer = await ask(path, { name: 'root', groups: ['system:masters'] }, { metadata: { name: 'hollow' } });
    expect(answer).toMatchObject({ allowed: false, status: { code: 422, message: 'it needs a spec: without one it means nothing' } });
  },
);

test('the tenant of exams is of no operator, and its label says so', async () => {
  const { patch } = await ask('/defaulter-v1alpha2-tenant', { name: 'root', groups: ['system:masters'] }, person('service-tenant'));
  expect(JSON.parse(Buffer.from(patch ?? '', 'base64').toString())[0]).toEqual({
    op: 'add',
    path: '/metadata/labels',
    value: { 'crownlabs.polito.it/operator-selector': '' },
  });
});

describe('somebody makes an instance', () => {
  const stud = { name: 'stud' };

  test('of a template of his workspace', async () => {
    expect((await ask(INSTANCE, stud, instance('a'))).allowed).toBe(true);
  });

  test.each([
    ['of a workspace he is not in', { template: 'secret', namespace: 'workspace-free' }, 403],
    ["in somebody else's name", { tenant: 'boss' }, 403],
    ['of a template that does not exist', { template: 'nothing' }, 404],
    ['for nobody', { tenant: 'ghost' }, 404],
    ['with a label that would give another manager rights', { labels: { 'crownlabs.polito.it/workspace': 'free' } }, 403],
  ])('not %s', async (_what, of, code) => {
    expect((await ask(INSTANCE, stud, instance('a', of))).status?.code).toBe(code);
  });

  test('the third of four cores does not fit in ten; those of another workspace and stopped ones do not count', async () => {
    const two = [instance('a'), instance('b')];
    const third = await ask(INSTANCE, stud, instance('c'), { there: two });
    expect(third.status?.message).toBe('quota exceeded: CPU (12 > 10)');
    const elsewhere = instance('b', { template: 'elsewhere', namespace: 'workspace-other' });
    expect((await ask(INSTANCE, stud, instance('c'), { there: [instance('a'), elsewhere] })).allowed).toBe(true);
    expect((await ask(INSTANCE, stud, instance('c'), { there: [instance('a'), instance('b', { running: false })] })).allowed).toBe(true);
  });

  test('with wishes that its template does not fulfil: it is made, and they are told', async () => {
    const plain = instance('a');
    const wishes = {
      nodeSelector: { zone: 'a' },
      contentUrls: { exam: { origin: 'https://example.org/a.zip' } },
      publicExposure: { ports: [{ name: 'web', port: 0, targetPort: 80, protocol: 'TCP' }] },
    };
    const answer = await ask(INSTANCE, stud, { ...plain, spec: { ...plain.spec, ...wishes } });
    expect(answer).toMatchObject({
      allowed: true,
      warnings: [
        'the template says where its instances run: nodeSelector is ignored',
        'contentUrls: the template has no environment exam',
        'the template does not allow ports to be opened: publicExposure is ignored',
      ],
    });
  });

  test('starting a stopped one is checked too, making a stopped one is not', async () => {
    const two = [instance('a'), instance('b')];
    const start = await ask(INSTANCE, stud, instance('c'), { old: instance('c', { running: false }), there: two });
    expect(start.status?.message).toContain('quota exceeded: CPU');
    expect((await ask(INSTANCE, stud, instance('c', { running: false }), { there: two })).allowed).toBe(true);
  });

  test('stopped ones count as instances: whoever has all of his cannot make one more', async () => {
    const six = Array.from({ length: 6 }, (_, i) => instance(`i${i}`, { running: false }));
    const seventh = await ask(INSTANCE, stud, instance('c', { running: false }), { there: six });
    expect(seventh.status?.message).toBe('quota exceeded: Instances (7 > 6). Stopped ones count as well: delete one');
  });

  test('its template, owner and the labels that rights rest on stay as they are', async () => {
    expect((await ask(INSTANCE, stud, instance('a', { template: 'x' }), { old: instance('a') })).allowed).toBe(false);
    const labelled = instance('a', { labels: { 'crownlabs.polito.it/workspace': 'net' } });
    expect((await ask(INSTANCE, stud, instance('a'), { old: labelled })).allowed).toBe(false);
    expect(
      (await ask(INSTANCE, { name: 'system:serviceaccount:crownlabs-system:operators' }, instance('a'), { old: labelled })).allowed,
    ).toBe(true);
  });
});

test('a new instance has its labels and a name at once; a label that was written by hand is left for the validator to refuse', async () => {
  const { patch } = await ask(
    '/defaulter-v1alpha2-instance',
    { name: 'stud' },
    instance('a', { labels: { 'crownlabs.polito.it/workspace': 'free' } }),
  );
  expect(JSON.parse(Buffer.from(patch ?? '', 'base64').toString())).toEqual([
    { op: 'add', path: '/spec/prettyName', value: expect.stringMatching(/^\w+ \w+$/) },
    {
      op: 'add',
      path: '/metadata/labels',
      value: {
        'crownlabs.polito.it/managed-by': 'instance',
        'crownlabs.polito.it/workspace': 'free',
        'crownlabs.polito.it/template': 'four',
        'crownlabs.polito.it/persistent': 'false',
        'crownlabs.polito.it/has-node-selector': 'false',
      },
    },
  ]);
});
