import {
  type Instance,
  instances,
  LABEL,
  type SharedVolume,
  sharedVolumes,
  templates,
  tenantNamespace,
  workspaceNamespace,
} from '@crownlabs/api';
import { deployments, events, networkPolicies, persistentVolumeClaims, services } from '@crownlabs/client';
import { environment, instance, template } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, openCluster } from './cluster.ts';
import { type Scenario, startScenario, until } from './scenario.ts';

// The journeys of what people share: public addresses, and the volumes of a course.

let cluster: Cluster;
let lab: Scenario;
let course: string;
beforeAll(async () => {
  cluster = await openCluster();
  // The addresses are of a documentation network: a load balancer of the cluster has none of them to give.
  lab = await startScenario({ cluster, settings: { drive: false, publicExposure: { addresses: ['203.0.113.8-203.0.113.9'] } } });
  course = await lab.course('shared');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

type Ports = NonNullable<Instance['spec']['publicExposure']>['ports'];
const port = (name: string, outside: number, targetPort: number) => ({ name, port: outside, targetPort, protocol: 'TCP' }) as const;
const WISH = [port('http', 0, 80), port('ssh', 2222, 22)];

async function server(base: string, environments = [environment('server')]): Promise<{ owner: string; namespace: string }> {
  const owner = await lab.student(base, { [course]: 'user' });
  const made = template(course, base, environments);
  await lab.admin.create(templates, { ...made, spec: { ...made.spec, allowPublicExposure: true } });
  return { owner, namespace: tenantNamespace(owner) };
}

const open = (owner: string, base: string, name: string, ports: Ports) =>
  lab.admin.create(instances, instance(owner, name, { workspace: course, template: base }, { publicExposure: { ports } }));

const exposure = (namespace: string, name: string, phase: string) =>
  until(async () => {
    const { status } = await lab.admin.get(instances, name, namespace);
    expect(status?.publicExposure?.phase).toBe(phase);
    return status?.publicExposure;
  });

test('scenario 16: ports of an instance get an address, a policy and a status; a stop takes them away, and a second wish the next address', async () => {
  const { owner, namespace } = await server('sixteenth');
  await open(owner, 'sixteenth', 'one', WISH);
  await exposure(namespace, 'one', 'Provisioning');
  const service = await lab.admin.get(services, 'one-pe', namespace);
  expect(service.metadata.annotations).toMatchObject({
    'metallb.universe.tf/loadBalancerIPs': '203.0.113.8',
    'metallb.universe.tf/allow-shared-ip': 'pe',
  });
  expect(service.metadata.labels).toMatchObject({ [LABEL.component]: 'pe' });
  expect(service.spec).toMatchObject({
    type: 'LoadBalancer',
    selector: { [LABEL.instance]: 'one', [LABEL.template]: 'sixteenth', [LABEL.tenant]: owner },
    ports: [expect.objectContaining({ port: 49_152, targetPort: 80 }), expect.objectContaining({ port: 2222, targetPort: 22 })],
  });
  const policy = 'crownlabs-allow-publicexposure-ingress-traffic-one';
  expect((await lab.admin.get(networkPolicies, policy, namespace)).spec).toMatchObject({
    podSelector: { matchLabels: { [LABEL.instance]: 'one' } },
    ingress: [{ ports: [expect.objectContaining({ port: 80 }), expect.objectContaining({ port: 22 })] }],
  });
  // What a load balancer would say.
  const ingress = [{ ip: '203.0.113.8' }];
  await lab.admin.patch(services, 'one-pe', namespace, { status: { loadBalancer: { ingress } } }, { subresource: 'status' });
  expect(await exposure(namespace, 'one', 'Ready')).toMatchObject({
    externalIP: '203.0.113.8',
    ports: [expect.objectContaining({ port: 49_152 }), expect.objectContaining({ port: 2222 })],
  });

  await open(owner, 'sixteenth', 'two', WISH);
  expect(await exposure(namespace, 'two', 'Provisioning')).toMatchObject({ externalIP: '203.0.113.9' });

  await lab.admin.patch(instances, 'one', namespace, { spec: { running: false } });
  await until(async () => {
    expect(await lab.admin.find(services, 'one-pe', namespace)).toBeUndefined();
    expect(await lab.admin.find(networkPolicies, policy, namespace)).toBeUndefined();
    expect((await lab.admin.get(instances, 'one', namespace)).status).not.toHaveProperty('publicExposure');
  });
});

test('scenario 16: two environments are refused with an Event', async () => {
  const { owner, namespace } = await server('sixteenth-both', [environment('server'), environment('other')]);
  await open(owner, 'sixteenth-both', 'both', WISH);
  await exposure(namespace, 'both', 'Error');
  await until(async () => {
    const told = (await lab.admin.list(events, { namespace })).items.map(({ reason }) => reason);
    expect(told).toContain('PublicExposureMultipleEnvironments');
  });
  expect(await lab.admin.find(services, 'both-pe', namespace)).toBeUndefined();
});

const volume = (namespace: string, size = '1Gi') => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'SharedVolume',
  metadata: { name: 'data', namespace },
  spec: { prettyName: 'Data', size },
});

const volumePhase = (namespace: string, wanted: string): Promise<SharedVolume> =>
  until(async () => {
    const found = await lab.admin.get(sharedVolumes, 'data', namespace);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

test('scenario 17: a shared volume is handed over, grows, never shrinks, is the managers’ to write, and stays while it is mounted', async () => {
  const namespace = workspaceNamespace(course);
  await lab.admin.create(sharedVolumes, volume(namespace));
  const ready = await volumePhase(namespace, 'Ready');
  const claim = () => lab.admin.get(persistentVolumeClaims, 'shvol-data', namespace);
  const made = await claim();
  expect(made.spec).toMatchObject({ accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } });
  expect(made.metadata.labels).toMatchObject({ [LABEL.managedBy]: 'sharedvolume', [LABEL.volumeProvisioning]: 'completed' });
  expect(ready.status?.pvName).toBe(made.spec?.volumeName);

  await lab.admin.patch(sharedVolumes, 'data', namespace, { spec: { size: '2Gi' } });
  await until(async () => expect((await claim()).spec?.resources?.requests).toEqual({ storage: '2Gi' }));
  await volumePhase(namespace, 'Ready');
  await lab.admin.patch(sharedVolumes, 'data', namespace, { spec: { size: '500Mi' } });
  const refused = await volumePhase(namespace, 'Error');
  expect(refused.status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('InvalidSize');
  await lab.admin.patch(sharedVolumes, 'data', namespace, { spec: { size: '2Gi' } });
  await volumePhase(namespace, 'Ready');

  const mounts = [{ sharedVolume: { name: 'data', namespace }, mountPath: '/data', readOnly: true }];
  await lab.admin.create(templates, template(course, 'reads', [environment('desktop', { sharedVolumeMounts: mounts })]));
  const student = await lab.student('seventeenth', { [course]: 'user' });
  const manager = await lab.student('seventeenth-boss', { [course]: 'manager' });
  expect(await readOnlyFor(student)).toBe(true);
  expect(await readOnlyFor(manager)).toBeFalsy();

  await lab.admin.delete(sharedVolumes, 'data', namespace);
  await volumePhase(namespace, 'Deleting');
  await until(async () => {
    const told = (await lab.admin.list(events, { namespace })).items.map(({ reason }) => reason);
    expect(told).toContain('DeletionBlocked');
  });
  await lab.admin.delete(templates, 'reads', namespace);
  for (const owner of [student, manager]) await lab.admin.delete(instances, 'mine', tenantNamespace(owner));
  await until(async () => expect(await lab.admin.find(sharedVolumes, 'data', namespace)).toBeUndefined());
});

/** Whether somebody's environment has the volume of the course to read only. */
async function readOnlyFor(owner: string): Promise<boolean | undefined> {
  const namespace = tenantNamespace(owner);
  await lab.admin.create(instances, instance(owner, 'mine', { workspace: course, template: 'reads' }));
  const pod = await until(async () => (await lab.admin.get(deployments, 'mine-desktop', namespace)).spec?.template.spec);
  return pod?.containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === '/data')?.readOnly;
}
