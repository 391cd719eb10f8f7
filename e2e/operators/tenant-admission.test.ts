import { instances, type Tenant, templates, tenantNamespace, tenants } from '@crownlabs/api';
import type { KubeClient } from '@crownlabs/client';
import { instance, template, tenant } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, openCluster } from './cluster.ts';
import { type Scenario, startScenario, until } from './scenario.ts';

// The matrix of who may change what of a Tenant, over the wire: RBAC, defaulting and validation as they come together.

let cluster: Cluster;
let lab: Scenario;
const courses: Record<string, string> = {};
let student: string;
let manager: string;
const UNREACHABLE = 'the API of this cluster cannot reach the webhooks on this machine';

beforeAll(async () => {
  cluster = await openCluster();
  lab = await startScenario({ cluster, settings: { drive: false, baseWorkspaces: [] } });
  for (const [base, autoEnroll] of [
    ['own', ''],
    ['other', ''],
    ['open', 'immediate'],
    ['asked', 'withApproval'],
    ['closed', ''],
  ] as const) {
    courses[base] = await lab.course(base, autoEnroll === '' ? {} : { autoEnroll });
  }
  student = await lab.student('student', { [of('own')]: 'user', [of('closed')]: 'user' });
  manager = await lab.student('manager', { [of('own')]: 'manager' });
  await lab.settled();
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const of = (base: string) => courses[base] ?? '';
const DAY = 86_400_000;
type Memberships = Readonly<Record<string, 'manager' | 'user' | 'candidate' | undefined>>;

/** The student's memberships with changes; `undefined` leaves. */
async function withMemberships(changes: Memberships): Promise<Tenant['spec']['workspaces']> {
  const now = (await lab.admin.get(tenants, student)).spec.workspaces ?? [];
  const roles = new Map<string, string | undefined>(now.map(({ name, role }) => [name, role]));
  for (const [base, role] of Object.entries(changes)) roles.set(of(base), role);
  return [...roles].flatMap(([name, role]) => (role === undefined ? [] : [{ name, role }])) as Tenant['spec']['workspaces'];
}

const self = () => lab.as(student, `kubernetes:workspace-${of('own')}:user`);
const teacher = () => lab.as(manager, `kubernetes:workspace-${of('own')}:manager`);
const administrator = () => lab.as('somebody', 'kubernetes:admin');
const patch = (client: KubeClient, spec: object) => client.patch(tenants, student, undefined, { spec });
const join = async (client: KubeClient, changes: Memberships) => patch(client, { workspaces: await withMemberships(changes) });
const create = (client: KubeClient, base: string, memberships: Parameters<typeof tenant>[1]) =>
  client.create(tenants, lab.ours(tenant(lab.named(base), memberships)));

interface Row {
  readonly actor: string;
  readonly change: string;
  readonly verdict: 'allow' | 'deny';
  readonly act: () => Promise<unknown>;
}

/** In order: what a row leaves is what the next one finds. */
const MATRIX: readonly Row[] = [
  { actor: 'self', change: 'adds a public key', verdict: 'allow', act: () => patch(self(), { publicKeys: ['ssh-ed25519 AAAA me'] }) },
  { actor: 'self', change: 'removes a public key', verdict: 'allow', act: () => patch(self(), { publicKeys: [] }) },
  { actor: 'self', change: 'signs in now', verdict: 'allow', act: () => patch(self(), { lastLogin: at(0) }) },
  { actor: 'self', change: 'signs in 23 hours ago', verdict: 'allow', act: () => patch(self(), { lastLogin: at(-DAY + 3_600_000) }) },
  { actor: 'self', change: 'signs in two days ago', verdict: 'deny', act: () => patch(self(), { lastLogin: at(-2 * DAY) }) },
  { actor: 'self', change: 'signs in in two days', verdict: 'deny', act: () => patch(self(), { lastLogin: at(2 * DAY) }) },
  { actor: 'self', change: 'joins an open workspace as manager', verdict: 'deny', act: () => join(self(), { open: 'manager' }) },
  { actor: 'self', change: 'joins an open workspace as user', verdict: 'allow', act: () => join(self(), { open: 'user' }) },
  { actor: 'self', change: 'becomes manager of what is open', verdict: 'deny', act: () => join(self(), { open: 'manager' }) },
  { actor: 'self', change: 'joins with approval as user', verdict: 'deny', act: () => join(self(), { asked: 'user' }) },
  { actor: 'self', change: 'joins with approval as manager', verdict: 'deny', act: () => join(self(), { asked: 'manager' }) },
  { actor: 'self', change: 'joins with approval as candidate', verdict: 'allow', act: () => join(self(), { asked: 'candidate' }) },
  { actor: 'self', change: 'promotes itself from candidate', verdict: 'deny', act: () => join(self(), { asked: 'user' }) },
  { actor: 'self', change: 'leaves an open workspace', verdict: 'allow', act: () => join(self(), { open: undefined }) },
  { actor: 'self', change: 'leaves where it waits', verdict: 'allow', act: () => join(self(), { asked: undefined }) },
  { actor: 'self', change: 'leaves a closed workspace', verdict: 'deny', act: () => join(self(), { closed: undefined }) },
  { actor: 'self', change: 'joins a closed workspace', verdict: 'deny', act: () => join(self(), { other: 'user' }) },
  { actor: 'self', change: 'changes its address', verdict: 'deny', act: () => patch(self(), { email: 'evil@example.org' }) },
  { actor: 'self', change: 'changes its first name', verdict: 'deny', act: () => patch(self(), { firstName: 'Eve' }) },
  { actor: 'self', change: 'changes its last name', verdict: 'deny', act: () => patch(self(), { lastName: 'Eve' }) },
  { actor: 'self', change: 'gives itself a sandbox', verdict: 'deny', act: () => patch(self(), { createSandbox: true }) },
  {
    actor: 'self',
    change: 'gives itself a personal workspace',
    verdict: 'deny',
    act: () => patch(self(), { personalWorkspace: { cpu: 100, memory: '100Gi', instances: 100 } }),
  },
  { actor: 'manager', change: 'removes from its own workspace', verdict: 'allow', act: () => join(teacher(), { own: undefined }) },
  { actor: 'manager', change: 'adds to its own workspace', verdict: 'allow', act: () => join(teacher(), { own: 'user' }) },
  { actor: 'manager', change: 'promotes in its own workspace', verdict: 'allow', act: () => join(teacher(), { own: 'manager' }) },
  { actor: 'manager', change: 'demotes in its own workspace', verdict: 'allow', act: () => join(teacher(), { own: 'user' }) },
  { actor: 'manager', change: 'adds to another workspace', verdict: 'deny', act: () => join(teacher(), { other: 'user' }) },
  { actor: 'manager', change: 'removes from another workspace', verdict: 'deny', act: () => join(teacher(), { closed: undefined }) },
  { actor: 'manager', change: 'promotes in another workspace', verdict: 'deny', act: () => join(teacher(), { closed: 'manager' }) },
  { actor: 'manager', change: 'changes an address', verdict: 'deny', act: () => patch(teacher(), { email: 'new@example.org' }) },
  { actor: 'manager', change: 'adds a key for somebody else', verdict: 'deny', act: () => patch(teacher(), { publicKeys: ['ssh-rsa A'] }) },
  {
    actor: 'manager',
    change: 'creates a tenant of its own workspace',
    verdict: 'allow',
    act: () => create(teacher(), 'new-one', { [of('own')]: 'user' }),
  },
  {
    actor: 'manager',
    change: 'creates a tenant of a foreign workspace too',
    verdict: 'deny',
    act: () => create(teacher(), 'new-two', { [of('own')]: 'user', [of('other')]: 'user' }),
  },
  { actor: 'manager', change: 'deletes a tenant', verdict: 'deny', act: () => teacher().delete(tenants, student) },
  {
    actor: 'bypass group',
    change: 'changes an address',
    verdict: 'allow',
    act: () => patch(administrator(), { email: 'right@example.org' }),
  },
  {
    actor: 'bypass group',
    change: 'gives a personal workspace',
    verdict: 'allow',
    act: () => patch(administrator(), { personalWorkspace: { cpu: 2, memory: '4Gi', instances: 2 } }),
  },
  { actor: 'bypass group', change: 'makes a manager', verdict: 'allow', act: () => join(administrator(), { other: 'manager' }) },
];

function at(offset: number): string {
  return new Date(Date.now() + offset).toISOString();
}

test.for(MATRIX)('$actor $change: $verdict', async ({ verdict, act }, { skip }) => {
  if (!lab.admission) skip(UNREACHABLE);
  if (verdict === 'allow') await expect(act()).resolves.toBeDefined();
  else await expect(act()).rejects.toMatchObject({ code: 'Forbidden' });
});

test('bypass group takes a personal workspace away while it is in use: conflict', async ({ skip }) => {
  if (!lab.admission) skip(UNREACHABLE);
  const namespace = tenantNamespace(student);
  const mine = template('personal', 'mine');
  const personal = { ...mine, metadata: { name: 'mine', namespace } };
  await until(() => lab.admin.create(templates, personal));
  const made = instance(student, 'personal', { workspace: 'personal', template: 'mine' });
  made.spec['template.crownlabs.polito.it/TemplateRef'] = { name: 'mine', namespace };
  await lab.admin.create(instances, made);
  await lab.settled();
  await expect(patch(administrator(), { personalWorkspace: null })).rejects.toMatchObject({ code: 'Conflict' });
  await lab.admin.delete(instances, 'personal', namespace);
  await until(() => patch(administrator(), { personalWorkspace: null }));
});

test('whoever is no tenant is unknown, and what is no object is refused', async ({ skip }) => {
  if (!lab.admission) skip(UNREACHABLE);
  const nobody = lab.as(lab.named('nobody'), `kubernetes:workspace-${of('own')}:manager`);
  await expect(create(nobody, 'new-three', { [of('own')]: 'user' })).rejects.toMatchObject({ code: 'NotFound' });
});
