import type { ChildProcess } from 'node:child_process';
import { instances, templates, tenantNamespace, tenants, workspaceNamespace, workspaces } from '@crownlabs/api';
import {
  createClient,
  deployments,
  events,
  httpTransport,
  type KubeClient,
  leases,
  namespaces,
  secrets,
  validatingWebhookConfigurations,
} from '@crownlabs/client';
import { instance, template, tenant, workspace } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, crownlabs, openCluster, stop } from './cluster.ts';
import { until } from './scenario.ts';
import { simulateNode } from './simulated-node.ts';

// The program as a person starts it: two processes of `crownlabs operators`, each with a kubeconfig. A given cluster is left alone.

let cluster: Cluster;
let admin: KubeClient;
const end = new AbortController();
const replicas: Replica[] = [];

interface Replica {
  readonly child: ChildProcess;
  readonly said: { text: string };
}

beforeAll(async () => {
  delete process.env['CROWNLABS_TEST_KUBECONFIG'];
  cluster = await openCluster();
  admin = createClient(httpTransport(cluster.endpoint), { fieldManager: 'administrator' });
  simulateNode(admin, { name: 'simulated', ours: () => true }, end.signal);
});
afterAll(async () => {
  end.abort();
  await Promise.all(replicas.map(({ child }) => stop(child, 'SIGKILL')));
  await cluster?.[Symbol.asyncDispose]();
});

function replica(...more: string[]): Replica {
  const ports = ['--webhook-port', '0', '--metrics-port', '0', '--lease-seconds', '2'];
  const child = crownlabs(['operators', '--kubeconfig', cluster.kubeconfig, ...ports, ...more]);
  const said = { text: '' };
  child.stderr?.on('data', (chunk: Buffer) => void (said.text += chunk.toString()));
  const made = { child, said };
  replicas.push(made);
  return made;
}

const says = (it: Replica, words: string) => until(() => expect(it.said.text).toContain(words));
const metricsOf = async (it: Replica, path: string) => {
  const port = /"metricsPort":(\d+)/.exec(it.said.text)?.[1];
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
};

test('without the kinds the program ends and says what to do', async () => {
  const lost = replica();
  await until(() => expect(lost.child.exitCode).toBe(1));
  expect(lost.said.text).toContain('crownlabs crds | kubectl apply -f -');
});

test('a standby takes over when the leader is killed, and does nothing twice', async () => {
  const first = replica('--install-crds');
  await says(first, 'This replica works');
  const second = replica();
  await says(second, 'Webhooks are served');
  await until(async () => expect((await metricsOf(second, '/readyz')).status).toBe(200));
  expect((await metricsOf(second, '/metrics')).text).toContain('leader_election_master_status{name="crownlabs-operators"} 0');

  await admin.create(workspaces, workspace('net'));
  await admin.create(tenants, tenant('ada', { net: 'user' }, { lastLogin: new Date().toISOString() }));
  await until(() => Promise.all([admin.get(namespaces, workspaceNamespace('net')), admin.get(namespaces, tenantNamespace('ada'))]));
  await admin.create(templates, template('net', 'desktop'));
  await admin.create(instances, instance('ada', 'before', { workspace: 'net', template: 'desktop' }));
  await until(async () => expect((await admin.get(instances, 'before', 'tenant-ada')).status?.phase).toBe('Ready'));
  const metrics = (await metricsOf(first, '/metrics')).text;
  expect(metrics).toMatch(/controller_runtime_reconcile_total\{controller="instance",result="success"\} \d+/);
  expect(metrics).toMatch(/workqueue_adds_total\{name="tenant"\} \d+/);
  expect(metrics).toContain('crownlabs_instances{phase="Ready"} 1');

  const holder = async () => (await admin.get(leases, 'crownlabs-operators', 'crownlabs-system')).spec?.holderIdentity;
  const dead = await holder();
  const before = await admin.get(instances, 'before', 'tenant-ada');
  const told = async () => {
    const { items } = await admin.list(events, { namespace: 'tenant-ada' });
    return items.filter(({ involvedObject }) => involvedObject.name === 'before').map(({ reason, count }) => ({ reason, count }));
  };
  const toldBefore = await told();
  await stop(first.child, 'SIGKILL');
  const killedAt = Date.now();
  await says(second, 'This replica works');
  expect(Date.now() - killedAt).toBeLessThan(10_000);
  expect(await holder()).not.toBe(dead);
  // The API asks the new leader now.
  await until(() => admin.create(instances, instance('ada', 'after', { workspace: 'net', template: 'desktop' })));
  await until(async () => expect((await admin.get(instances, 'after', 'tenant-ada')).status?.phase).toBe('Ready'));
  expect(await admin.get(instances, 'before', 'tenant-ada')).toEqual(before);
  expect((await admin.list(deployments, { namespace: 'tenant-ada' })).items).toHaveLength(2);
  expect(await told()).toEqual(toldBefore);
});

test('whoever takes the webhooks away is not rid of them', async () => {
  const asked = async () => (await admin.get(validatingWebhookConfigurations, 'crownlabs')).webhooks?.map(({ name }) => name);
  const before = await asked();
  expect(before).toHaveLength(4);
  await admin.delete(validatingWebhookConfigurations, 'crownlabs');
  await until(async () => expect(await asked()).toEqual(before));
  // Nor by taking what the API believes them by.
  await admin.delete(secrets, 'crownlabs-webhook-certificates', 'crownlabs-system');
  const refused = { spec: { email: 'other@example.org' } };
  const ada = createClient(httpTransport(cluster.endpoint), { fieldManager: 'ada' });
  await until(async () =>
    expect((await admin.get(secrets, 'crownlabs-webhook-certificates', 'crownlabs-system')).data).toHaveProperty(['tls.crt']),
  );
  await until(() => ada.patch(tenants, 'ada', undefined, refused));
});

test('asked to end, the leader gives the lease back and ends well', async () => {
  const leader = replicas.at(-1);
  if (!leader) throw new Error('the test before this one starts it');
  await stop(leader.child, 'SIGTERM');
  expect(leader.child.exitCode).toBe(0);
  expect((await admin.get(leases, 'crownlabs-operators', 'crownlabs-system')).spec?.holderIdentity).toBe('');
});
