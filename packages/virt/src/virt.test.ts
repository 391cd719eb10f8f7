import type { Duplex } from 'node:stream';
import { nodes, pods, resourceQuotas } from '@crownlabs/client';
import { eventually } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { guests, machines } from './index.ts';
import {
  claim,
  emulator,
  lab,
  launcher,
  machine,
  make,
  NS,
  printed,
  put,
  restarted,
  silence,
  useVirtLab,
} from './virt-lab.test-support.ts';

useVirtLab();

test('a machine runs in a pod that may do nothing that others may not, and its guest is asked whether it is there', async () => {
  await make(machine());
  await printed('Running');
  const pod = await launcher();
  expect(pod.metadata.labels).toMatchObject({ course: 'os', 'kubevirt.io/vm': 'vm' });
  expect(pod.metadata.annotations).toMatchObject({ 'virt.crownlabs.polito.it/userdata.seed': '#cloud-config\n{}' });
  expect(pod.spec?.containers).toMatchObject([
    {
      readinessProbe: { exec: { command: ['/usr/lib/crownlabs/answers', 'tcp', '22'] } },
      resources: { requests: { cpu: '200m', memory: '1408Mi' } },
      args: expect.arrayContaining(['overlay', '/run/machine/root.qcow2', '/images/root/disk']),
    },
  ]);
  const guest = await lab.admin.get(guests, 'vm', NS);
  expect(guest.status).toMatchObject({ phase: 'Running', nodeName: 'fake-node' });
  expect(guest.status?.interfaces?.[0]).toMatchObject({ name: 'default', ipAddress: pod.status?.podIP });
  const ready = await printed('Running');
  expect(ready.status).toMatchObject({ created: true, ready: true });
});

/** A machine with another card, before that on the network of its pod. */
function withLan(): ReturnType<typeof machine> {
  const one = machine();
  const { spec } = one.spec.template;
  spec.domain.devices.interfaces?.unshift({ name: 'lan', bridge: {} });
  spec.networks?.push({ name: 'lan', multus: { networkName: 'lan' } });
  return one;
}

const cardsOf = async () => (await lab.admin.get(guests, 'vm', NS)).status?.interfaces ?? [];

test('a card on another network is on the wire that the node puts into the pod, and keeps its address over restarts', async () => {
  await make(withLan());
  // A node that has no way to plug it in does not run it.
  await printed('ErrorUnschedulable');
  const amounts = { cpu: '4', memory: '16Gi', pods: '9', 'devices.kubevirt.io/tun': '9' };
  await lab.admin.patch(nodes, 'fake-node', undefined, { status: { allocatable: amounts, capacity: amounts } }, { subresource: 'status' });
  await printed('Running');
  const { metadata, spec, status } = await launcher();
  expect(metadata.annotations).toMatchObject({
    'k8s.v1.cni.cncf.io/networks': JSON.stringify([{ name: 'lan', namespace: NS, interface: 'net1' }]),
  });
  expect(spec?.containers[0]?.resources?.limits).toEqual({ 'devices.kubevirt.io/tun': '1' });
  const cards = await cardsOf();
  // The network of the pod is where the doors come in, whichever place its card has.
  expect(cards).toMatchObject([{ name: 'default', ipAddress: status?.podIP }, { name: 'lan' }]);
  expect(spec?.containers[0]?.args).toEqual(
    expect.arrayContaining([
      'tap,id=net1,ifname=net1,script=no,downscript=no',
      ...cards.map(({ mac }, index) => `virtio-net-pci,netdev=net${index},mac=${mac},romfile=`),
    ]),
  );
  await put('vm', 'restart');
  await eventually(async () => expect((await launcher()).metadata.uid).not.toBe(metadata.uid));
  await eventually(async () => expect(await cardsOf()).toMatchObject(cards.map(({ mac }) => ({ mac }))));
});

test('stopped it leaves nothing behind but itself, and started again it has the same address', async () => {
  await make(machine());
  await printed('Running');
  const mac = (await lab.admin.get(guests, 'vm', NS)).spec.domain.devices.interfaces?.[0]?.macAddress;
  await put('vm', 'stop');
  await printed('Stopped');
  expect((await lab.admin.get(machines, 'vm', NS)).spec.running).toBe(false);
  expect(await lab.admin.find(guests, 'vm', NS)).toBeUndefined();
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]));
  await expect(put('vm', 'stop')).rejects.toMatchObject({ code: 'Conflict' });
  await put('vm', 'start');
  await printed('Running');
  expect((await lab.admin.get(guests, 'vm', NS)).spec.domain.devices.interfaces?.[0]?.macAddress).toBe(mac);
});

test('a restart is another guest of the same machine', async () => {
  await make(machine());
  await printed('Running');
  const before = (await lab.admin.get(guests, 'vm', NS)).metadata.uid;
  await put('vm', 'restart');
  await eventually(async () => expect((await lab.admin.get(guests, 'vm', NS)).metadata.uid).not.toBe(before));
  const again = await printed('Running');
  await eventually(async () => expect((await lab.admin.get(machines, 'vm', NS)).status?.stateChangeRequests).toBeUndefined());
  expect(again.spec.running).toBe(true);
});

test('a machine that fails is started again, later each time, and says why', async () => {
  await make(machine());
  await printed('Running');
  const pod = await launcher();
  const terminated = { exitCode: 137, reason: 'OOMKilled', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z' };
  const containerStatuses = [{ ...pod.status?.containerStatuses?.[0], ready: false, state: { terminated } }];
  await lab.admin.patch(pods, pod.metadata.name, NS, { status: { phase: 'Failed', containerStatuses } }, { subresource: 'status' });
  const crashed = await printed('CrashLoopBackOff');
  expect(crashed.status?.startFailure).toMatchObject({ consecutiveFailCount: 1 });
  expect(crashed.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('needed more memory than it may have');
});

test('a machine whose pod a quota refuses says so in the words that others look for', async () => {
  const spec = { hard: { 'limits.cpu': '1' } };
  await lab.admin.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'little', namespace: NS }, spec });
  await make(machine());
  await eventually(async () => {
    const { status } = await lab.admin.get(guests, 'vm', NS);
    expect(status?.conditions?.find(({ type }) => type === 'Synchronized')).toMatchObject({
      status: 'False',
      reason: 'FailedCreate',
      message: expect.stringContaining('must specify limits.cpu'),
    });
  });
  await printed('Starting');
});

test('a machine that runs once and was shut down stays off', async () => {
  const { running: _, ...spec } = machine().spec;
  await make({ ...machine(), spec: { ...spec, runStrategy: 'Once' } });
  await printed('Running');
  const pod = await launcher();
  await lab.admin.patch(pods, pod.metadata.name, NS, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await printed('Stopped');
  await lab.settled();
  expect((await lab.admin.get(guests, 'vm', NS)).status?.phase).toBe('Succeeded');
});

const suspend = (wish: 'true' | null) =>
  lab.admin.patch(machines, 'vm', NS, { metadata: { annotations: { 'virt.crownlabs.polito.it/suspended': wish } } });
const KEPT = {
  ...machine().spec.template.spec,
  domain: { devices: { disks: [{ name: 'root', disk: {} }] } },
  volumes: [{ name: 'root', persistentVolumeClaim: { claimName: 'kept' } }],
};

test('a machine that sleeps has no pod, and the next one goes on from its memory', async () => {
  await claim('kept');
  await make(machine({ template: { spec: KEPT } }));
  await printed('Running');
  const { metadata, spec: first } = await launcher();
  expect(first?.containers[0]?.args?.slice(0, 3)).toEqual(['memory', '/claims/root/memory', 'forget']);
  // It is looked at once more before it has ended, when nobody answers any more.
  const quit = async () => {
    silence();
    await lab.admin.patch(machines, 'vm', NS, { metadata: { annotations: { looked: 'at' } } });
    await lab.settled();
    await lab.admin.patch(pods, metadata.name, NS, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  };
  let refuses = true;
  emulator((command) => {
    if (command === 'migrate' && refuses) return { error: { desc: 'a folder is open' } };
    if (command === 'query-migrate') return { return: { status: 'completed' } };
    if (command === 'quit') void quit();
    return { return: { status: 'running' } };
  });
  await suspend('true');
  await eventually(async () => {
    const { status } = await lab.admin.get(machines, 'vm', NS);
    expect(status?.conditions?.find(({ type }) => type === 'Suspended')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('a folder is open'),
    });
    expect(status?.printableStatus).toBe('Running');
  });
  refuses = false;
  await suspend(null);
  await suspend('true');
  await printed('Suspended');
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]));
  await lab.settled();
  expect((await printed('Suspended')).spec.running).toBe(true);
  await suspend(null);
  const awake = await printed('Running');
  expect(awake.status?.conditions?.some(({ type }) => type === 'Suspended')).toBe(false);
  expect((await launcher()).spec?.containers[0]?.args?.slice(0, 3)).toEqual(['memory', '/claims/root/memory', 'resume']);
});

test('a machine that keeps no disk cannot sleep, and says so', async () => {
  await make(machine());
  await printed('Running');
  await suspend('true');
  await eventually(async () => {
    const { status } = await lab.admin.get(machines, 'vm', NS);
    expect(status?.conditions?.find(({ type }) => type === 'Suspended')?.message).toContain('is not kept when it stops');
  });
});

test('a second look writes nothing', async () => {
  await make(machine());
  await printed('Running');
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(machines, 'vm', NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
});

test('a field that is not realised here is refused by its name', async () => {
  const path = `/apis/kubevirt.io/v1/namespaces/${NS}/virtualmachines?fieldValidation=Strict`;
  const { template } = machine().spec;
  const spec = {
    ...template.spec,
    domain: { ...template.spec.domain, devices: { ...template.spec.domain.devices, gpus: [{ name: 'g' }] } },
  };
  const refused = lab.admin.raw('POST', path, { ...machine(), spec: { running: true, template: { ...template, spec } } });
  await expect(refused).rejects.toThrow(/spec.template.spec.domain.devices.gpus: Forbidden/);
});

test('a machine that is paused is not ready, and one that reboots again and again is shown as such', async () => {
  const ears: Duplex[] = [];
  emulator(
    () => ({ return: { status: 'running' } }),
    (program, far) => {
      if (program.includes('events.sock')) ears.push(far);
    },
  );
  await make(machine());
  await printed('Running');
  await eventually(() => expect(ears).toHaveLength(1));
  const say = (event: string, data: object = {}) => ears[0]?.write(`${JSON.stringify({ event, data })}\n`);
  say('STOP');
  const paused = await printed('Paused');
  expect(paused.status?.ready).toBe(false);
  const guest = async (type: string) => (await lab.admin.get(guests, 'vm', NS)).status?.conditions?.find((it) => it.type === type);
  expect(await guest('Paused')).toMatchObject({ status: 'True', reason: 'PausedByUser' });
  say('RESUME');
  expect((await printed('Running')).status?.ready).toBe(true);
  const pod = await launcher();
  const conditions = [{ type: 'Ready', status: 'False' }];
  await lab.admin.patch(pods, pod.metadata.name, NS, { status: { conditions } }, { subresource: 'status' });
  // A reset button is no reboot.
  for (const byGuest of [true, false, true]) say('RESET', { guest: byGuest });
  await lab.settled();
  expect(await guest('RebootLoop')).toBeUndefined();
  say('RESET', { guest: true });
  await eventually(async () => expect((await guest('Ready'))?.message).toContain('has rebooted 3 times by itself'));
  expect(await guest('RebootLoop')).toMatchObject({ status: 'True' });
});

test('a machine that was ready and falls silent is not ready, and is not said to boot', async () => {
  await make(machine());
  await printed('Running');
  const pod = await launcher();
  const said = (status: string) =>
    lab.admin.patch(pods, pod.metadata.name, NS, { status: { conditions: [{ type: 'Ready', status }] } }, { subresource: 'status' });
  const ready = async () => (await lab.admin.get(guests, 'vm', NS)).status?.conditions?.find(({ type }) => type === 'Ready');
  await eventually(async () => expect(await ready()).toMatchObject({ status: 'True' }));
  await said('False');
  await eventually(async () => expect(await ready()).toMatchObject({ status: 'False', reason: 'GuestSilent' }));
  await said('True');
  await eventually(async () => expect(await ready()).toMatchObject({ status: 'True' }));
});

test('machines run on when nobody looks after them, and are found again by who does next', async () => {
  await make(machine());
  await printed('Running');
  const before = (await launcher()).metadata.uid;
  await restarted();
  await lab.admin.patch(machines, 'vm', NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect((await launcher()).metadata.uid).toBe(before);
  await printed('Running');
  await put('vm', 'stop');
  await printed('Stopped');
});
