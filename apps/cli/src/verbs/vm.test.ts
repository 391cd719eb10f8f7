import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { environment, eventually, instance, startTestLab, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findMachine, findRunning } from './vm.ts';
import { snapshotOf } from './vm-snapshots.ts';
import { sshWords } from './vm-streams.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await startTestLab();
  const { admin } = lab;
  await admin.create(workspaces, workspace('net', { quota: { cpu: 20, memory: '40G', disk: '100G', instances: 9 } }));
  for (const name of ['ada', 'eve']) await admin.create(tenants, tenant(name, { net: 'user' }));
  const machine = (name: string) => environment(name, { environmentType: 'VirtualMachine' });
  await lab.settled();
  for (const made of [
    template('net', 'pair', [machine('left'), machine('right'), environment('notes')]),
    template('net', 'one', [machine('vm')]),
    template('net', 'desktop', [environment('desktop')]),
  ])
    await eventually(() => admin.create(templates, made));
  const put = (owner: string, name: string, of: string) =>
    eventually(() => admin.create(instances, instance(owner, name, { workspace: 'net', template: of })));
  await put('ada', 'mine', 'one');
  await put('ada', 'net.work', 'pair');
  await put('ada', 'desk', 'desktop');
  await put('ada', 'both', 'one');
  await put('eve', 'both', 'one');
});

afterAll(() => lab[Symbol.asyncDispose]());

test('a machine is found by the name of its instance, wherever that is', async () => {
  expect((await findMachine(lab.admin, 'mine', {})).machine).toEqual({ namespace: 'tenant-ada', name: 'mine-vm' });
  expect((await findMachine(lab.admin, 'net.work', { env: 'right' })).machine.name).toBe('net-work-right');
  expect((await findMachine(lab.admin, 'both', { namespace: 'tenant-eve' })).machine.namespace).toBe('tenant-eve');
});

test.each([
  ['none', {}, 'There is no instance none'],
  ['both', {}, 'say which with --namespace (tenant-ada, tenant-eve)'],
  ['net.work', {}, 'say which with --env (left, right)'],
  ['net.work', { env: 'notes' }, 'has no machine notes. There are: left, right.'],
  ['desk', {}, 'desk is no virtual machine.'],
])('%s with %o is refused with what there is instead', async (name, flags, words) => {
  await expect(findMachine(lab.admin, name, flags)).rejects.toThrow(words);
});

test('who wants to reach a machine that does not run is told how it comes to', async () => {
  const as = (spec: object) => lab.admin.patch(instances, 'mine', 'tenant-ada', { spec });
  await expect(findRunning(lab.admin, 'mine', {})).rejects.toThrow(/^mine does not run yet/);
  await as({ suspended: true });
  await expect(findRunning(lab.admin, 'mine', {})).rejects.toThrow('`crownlabs vm resume mine` wakes it');
  await as({ suspended: false, running: false });
  await expect(findRunning(lab.admin, 'mine', {})).rejects.toThrow('`crownlabs vm start mine` starts it');
});

test('ssh goes through this program, whatever characters its path has, and knows a machine again by its identity', () => {
  const words = sshWords('mine', ['uname', '-a'], {
    self: ['/opt/my node', '/it%s/main.ts'],
    hostId: 'uid',
    knownHosts: '/data/known_hosts',
  });
  expect(words[1]).toBe(`ProxyCommand='/opt/my node' /it%%s/main.ts vm port-forward mine 22`);
  expect(words).toContain('HostKeyAlias=uid');
  expect(words.slice(-3)).toEqual(['crownlabs@mine', 'uname', '-a']);
});

test('a snapshot of a machine is made beside its template, where images for the course are made', async () => {
  const found = await findMachine(lab.admin, 'net.work', { env: 'right' });
  expect(snapshotOf(found, 'before-exam')).toMatchObject({
    metadata: { name: 'before-exam', namespace: 'workspace-net' },
    spec: { instanceRef: { name: 'net.work', namespace: 'tenant-ada' }, environmentRef: { name: 'right' }, imageName: 'before-exam' },
  });
});
