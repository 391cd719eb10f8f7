import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import type { KubeClient } from '@crownlabs/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

/** The matrix of who may change what of a Tenant, row by row, asked of the API as the very people. */
describe('8.2: admission of Tenants', () => {
  let lab: TestLab;
  let me: KubeClient;
  let boss: KubeClient;
  let count = 0;

  beforeAll(async () => {
    lab = await startTestLab({ config: { baseWorkspaces: ['utilities'] } });
    me = lab.as('me', 'kubernetes:workspace-net:user');
    boss = lab.as('boss', 'kubernetes:workspace-net:manager');
    for (const [name, autoEnroll] of [
      ['net', ''],
      ['utilities', ''],
      ['free', 'immediate'],
      ['ask', 'withApproval'],
      ['other', ''],
    ] as const) {
      await lab.admin.create(workspaces, workspace(name, { autoEnroll }));
    }
    await lab.admin.create(tenants, tenant('boss', { net: 'manager' }));
    await lab.settled();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  type Role = 'manager' | 'user' | 'candidate';
  const list = (roles: Record<string, Role>) => Object.entries({ utilities: 'user', ...roles }).map(([name, role]) => ({ name, role }));

  /** Makes `me` anew, in `before`, and lets `actor` change it. */
  async function attempt(actor: () => KubeClient, before: Record<string, Role>, spec: object): Promise<'allow' | 'deny'> {
    await lab.admin.delete(tenants, 'me');
    await eventually(async () => expect(await lab.admin.find(tenants, 'me')).toBeUndefined());
    await lab.admin.create(tenants, tenant('me', before));
    await lab.settled();
    return verdict(actor().patch(tenants, 'me', undefined, { spec }));
  }

  async function verdict(asked: Promise<unknown>): Promise<'allow' | 'deny'> {
    try {
      await asked;
      return 'allow';
    } catch (error) {
      expect(error).toMatchObject({ code: 'Forbidden' });
      return 'deny';
    }
  }

  const net = { net: 'user' } as const;
  const day = 86_400_000;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const personal = { cpu: 1, memory: '1G', instances: 1 };

  test.each<[string, Record<string, Role>, object, 'allow' | 'deny']>([
    ['adds a public key', net, { publicKeys: ['ssh-rsa AAAA me'] }, 'allow'],
    ['says that he signed in now', net, { lastLogin: at(0) }, 'allow'],
    ['says that he signed in almost a day ago', net, { lastLogin: at(-day + 60_000) }, 'allow'],
    ['says that he will sign in the day after tomorrow', net, { lastLogin: at(2 * day) }, 'deny'],
    ['says that he signed in two days ago', net, { lastLogin: at(-2 * day) }, 'deny'],
    ['joins an open workspace as user', net, { workspaces: list({ ...net, free: 'user' }) }, 'allow'],
    ['joins an open workspace as manager', net, { workspaces: list({ ...net, free: 'manager' }) }, 'deny'],
    ['asks to join where a manager decides', net, { workspaces: list({ ...net, ask: 'candidate' }) }, 'allow'],
    ['joins without asking where a manager decides', net, { workspaces: list({ ...net, ask: 'user' }) }, 'deny'],
    ['leaves an open workspace', { net: 'user', free: 'user' }, { workspaces: list(net) }, 'allow'],
    ['leaves a closed workspace', net, { workspaces: list({}) }, 'deny'],
    ['changes his address', net, { email: 'x@example.org' }, 'deny'],
    ['changes his first name', net, { firstName: 'X' }, 'deny'],
    ['changes his last name', net, { lastName: 'X' }, 'deny'],
    ['gives himself a personal workspace', net, { personalWorkspace: personal }, 'deny'],
    ['gives himself a sandbox', net, { createSandbox: true }, 'deny'],
  ])('self %s: %s → %s', async (_what, before, spec, expected) => {
    expect(await attempt(() => me, before, spec)).toBe(expected);
  });

  test.each<[string, Record<string, Role>, object, 'allow' | 'deny']>([
    ['adds somebody', {}, { workspaces: list(net) }, 'allow'],
    ['promotes somebody', net, { workspaces: list({ net: 'manager' }) }, 'allow'],
    ['removes somebody', net, { workspaces: list({}) }, 'allow'],
    ['adds somebody to another workspace', net, { workspaces: list({ ...net, other: 'user' }) }, 'deny'],
    ['removes somebody from another workspace', { net: 'user', other: 'user' }, { workspaces: list(net) }, 'deny'],
    ['changes an address', net, { email: 'x@example.org' }, 'deny'],
  ])('manager %s: %o → %s', async (_what, before, spec, expected) => {
    expect(await attempt(() => boss, before, spec)).toBe(expected);
  });

  test.each<[string, Record<string, Role>, 'allow' | 'deny']>([
    ['his own workspace alone', net, 'allow'],
    ['another workspace as well', { net: 'user', other: 'user' }, 'deny'],
  ])('manager makes a tenant with %s', async (_what, roles, expected) => {
    count += 1;
    expect(await verdict(boss.create(tenants, tenant(`new${count}`, roles)))).toBe(expected);
  });

  test('an administrator may do anything, but takes no personal workspace away that is in use', async () => {
    const admin = lab.as('root', 'kubernetes:admin');
    await lab.admin.create(tenants, tenant('rich', {}, { personalWorkspace: personal }));
    await lab.settled();
    await admin.patch(tenants, 'rich', undefined, { spec: { email: 'y@example.org' } });
    const own = template('x', 'own', [environment('web')]);
    await lab.admin.create(templates, { ...own, metadata: { name: 'own', namespace: 'tenant-rich' } });
    const made = instance('rich', 'mine', { workspace: 'x', template: 'own' });
    const ref = { 'template.crownlabs.polito.it/TemplateRef': { name: 'own', namespace: 'tenant-rich' } };
    await lab.admin.create(instances, { ...made, spec: { ...made.spec, ...ref } });
    const taken = admin.patch(tenants, 'rich', undefined, { spec: { personalWorkspace: null } });
    await expect(taken).rejects.toMatchObject({ code: 'Conflict' });
    await admin.delete(instances, 'mine', 'tenant-rich');
    await lab.settled();
    await admin.patch(tenants, 'rich', undefined, { spec: { personalWorkspace: null } });
  });

  test('who is no tenant manages nobody, whatever groups he is in', async () => {
    const ghost = lab.as('ghost', 'kubernetes:workspace-net:manager');
    await expect(ghost.create(tenants, tenant('unlucky', net))).rejects.toMatchObject({ code: 'NotFound' });
  });
});
