import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import {
  clusterRoles,
  configMaps,
  deployments,
  namespaces,
  networkPolicies,
  pods,
  type Resource,
  roleBindings,
  services,
} from '@crownlabs/client';
import { startOperators } from '@crownlabs/operators';
import { silent, systemClock } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';

async function running(lab: TestLab, environments = [environment('desktop')]): Promise<void> {
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'desktop', environments));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'desktop' }));
  await eventually(async () => expect((await lab.admin.get(instances, 'mine', NS)).status?.phase).toBe('Ready'));
  await lab.settled();
}

test('operators that start again find nothing to do', async () => {
  await using lab = await startTestLab();
  await running(lab);
  const before = lab.api.store.revision;
  const stop = new AbortController();
  const probe = async () => true;
  const again = startOperators({ client: lab.room('operators'), config: lab.config, clock: systemClock, log: silent, probe }, stop.signal);
  await again.ready;
  await eventually(() => expect(again.idle(1_000)).toBe(true));
  await lab.settled();
  stop.abort();
  await again.stopped;
  expect(lab.api.store.revision).toBe(before);
});

test('what somebody took away comes back', async () => {
  await using lab = await startTestLab();
  await running(lab);
  const taken: [Resource, string][] = [
    [services, 'mine-desktop'],
    [roleBindings, 'mine-access'],
    [roleBindings, 'crownlabs-manage-instances'],
    [networkPolicies, 'crownlabs-deny-ingress-traffic'],
  ];
  const uid = async ([resource, name]: [Resource, string]) => (await lab.admin.find(resource, name, NS))?.metadata.uid;
  const before = await Promise.all(taken.map(uid));
  for (const [resource, name] of taken) await lab.admin.delete(resource, name, NS);
  await eventually(async () => {
    const after = await Promise.all(taken.map(uid));
    expect(after.every((it, i) => it !== undefined && it !== before[i])).toBe(true);
  });
});

test('an edit of the template reaches an instance at its next start, not before', async () => {
  await using lab = await startTestLab();
  const persistent = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
  await running(lab, [environment('desktop', persistent)]);
  const image = async () => (await lab.admin.get(deployments, 'mine-desktop', NS)).spec?.template.spec?.containers[0]?.image;
  const edited = environment('desktop', { ...persistent, image: 'crownlabs/desktop:2' });
  await lab.admin.patch(templates, 'desktop', 'workspace-net', { spec: { environmentList: [edited] } });
  await lab.settled();
  expect(await image()).toBe('crownlabs/desktop:1');
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]));
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  await eventually(async () => expect(await image()).toBe('crownlabs/desktop:2'));
});

test('a tenant who is deleted leaves nothing behind', async () => {
  await using lab = await startTestLab();
  await running(lab);
  await lab.admin.delete(tenants, 'ada');
  await eventually(async () => {
    expect(await lab.admin.find(tenants, 'ada')).toBeUndefined();
    expect(await lab.admin.find(namespaces, NS)).toBeUndefined();
    expect(await lab.admin.find(clusterRoles, 'crownlabs-manage-tenant-ada')).toBeUndefined();
  }, 8_000);
});

test('what a stopped instance gives back is written down', async () => {
  await using lab = await startTestLab({ config: { keepStoppedMs: 0 } });
  await running(lab);
  const ledger = async () => (await lab.admin.get(configMaps, 'crownlabs-quota-net', NS)).data;
  expect(Object.keys((await ledger()) ?? {})).toEqual(['mine']);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await eventually(async () => expect((await ledger()) ?? {}).toEqual({}));
});
