import { namespaces, persistentVolumeClaims, persistentVolumes, pods } from '@crownlabs/client';
import { eventually } from '@crownlabs/testkit';
import type { Volume } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { type Guest, guests, machines } from '../index.ts';
import { answers, emulator, lab, machine, NS, silence, useVirtLab } from '../virt-lab.test-support.ts';
import { misfit } from './shape.ts';

useVirtLab();

const OF = 'workspace-net';
const BASE = `sha256:${'b'.repeat(64)}`;
const { template } = machine().spec;
const seed = { name: 'seed', cloudInitNoCloud: { userData: '#cloud-config\n{}' } };

const nobodys = () => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'ready-made', namespace: OF, annotations: { 'virt.crownlabs.polito.it/prepare': 'true' } },
  spec: {
    running: true,
    template: { spec: { ...template.spec, volumes: [{ name: 'root', persistentVolumeClaim: { claimName: 'golden' } }, seed] } },
  },
});

const guest = (name: string, spec: Partial<Guest['spec']> = {}) => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name, namespace: NS, annotations: { 'virt.crownlabs.polito.it/instant-start': `${OF}/ready-made` } },
  spec: { ...template.spec, ...spec },
});

const instantStart = (name: string, wanted: object) =>
  eventually(async () => {
    const { status } = await lab.admin.get(guests, name, NS);
    expect(status?.conditions?.find(({ type }) => type === 'InstantStart')).toMatchObject(wanted);
  });

const podOf = (name: string, namespace: string) =>
  eventually(async () => {
    const { items } = await lab.admin.list(pods, { namespace, labelSelector: `vm.kubevirt.io/name=${name}` });
    const [pod] = items;
    if (pod?.status?.phase !== 'Running') throw new Error('no launcher yet');
    return pod;
  });

/** Somebody's golden disk, and the machine that sleeps over it. Returns what was asked of its emulator and of the agent in it. */
async function prepared(): Promise<{ asked: string[]; words: string }> {
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OF } });
  await lab.admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'golden', namespace: OF, annotations: { 'virt.crownlabs.polito.it/disk-base': BASE } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  let words = '';
  const ends = async () => {
    silence();
    const { metadata, spec } = await podOf('ready-made', OF);
    words = (spec?.containers[0]?.args ?? []).join(' ');
    await lab.admin.patch(pods, metadata.name, OF, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  };
  const asked = emulator((command) => {
    if (command === 'quit') void ends();
    if (command === 'guest-exec') return { return: { pid: 7 } };
    if (command === 'guest-exec-status') return { return: { exited: true, exitcode: 0 } };
    return { return: { status: command === 'query-migrate' ? 'completed' : 'running' } };
  });
  await lab.admin.create(machines, nobodys());
  await eventually(async () => {
    expect((await lab.admin.get(machines, 'ready-made', OF)).status?.printableStatus).toBe('Suspended');
    expect((await lab.admin.list(pods, { namespace: OF })).items).toEqual([]);
  });
  return { words, asked: asked.map((it) => [it.execute, it.arguments?.['path']].filter(Boolean).join(' ')) };
}

test("a machine that is nobody's boots without a network, is made nobody's and sleeps; others go on from it", async () => {
  await lab.admin.create(guests, guest('early'));
  await instantStart('early', { status: 'False', message: expect.stringContaining('Nothing is prepared yet') });
  const { asked, words } = await prepared();
  expect(words).toContain('-netdev hubport,id=net0,hubid=0 ');
  expect(asked.indexOf('guest-exec /usr/lib/crownlabs/prepare')).toBeLessThan(asked.indexOf('migrate'));
  expect(asked).toContain('guest-exec /usr/lib/crownlabs/prepare');
  answers['cat /run/machine/start'] = 'restored\n';
  emulator(() => ({ return: { status: 'running' } }));
  await lab.admin.create(guests, guest('vm'));
  const { spec } = await podOf('vm', NS);
  const compute = spec?.containers[0];
  expect(compute?.args?.slice(0, 5)).toEqual([
    'instant',
    '/run/machine/root.qcow2',
    '/prepared',
    '/bases/golden/disk',
    '/images/root/disk',
  ]);
  expect(compute?.volumeMounts).toContainEqual({ name: 'prepared', mountPath: '/prepared', readOnly: true });
  expect(spec?.volumes).toContainEqual({ name: 'base-golden', image: { reference: BASE, pullPolicy: 'Never' } });
  await instantStart('vm', { status: 'True' });
  const shown = shownBy(spec?.volumes);
  const volume = await volumeBehind(shown);
  expect((await lab.admin.get(persistentVolumes, volume)).spec?.csi?.readOnly).toBe(true);
  await lab.admin.delete(guests, 'vm', NS);
  await eventually(async () => {
    expect(await lab.admin.find(persistentVolumeClaims, shown, NS)).toBeUndefined();
    expect(await lab.admin.find(persistentVolumes, volume)).toBeUndefined();
  });
  expect(await lab.admin.find(persistentVolumeClaims, 'golden', OF)).toBeDefined();
});

function shownBy(volumes: readonly Volume[] = []): string {
  return volumes.find(({ name }) => name === 'prepared')?.persistentVolumeClaim?.claimName ?? '';
}

async function volumeBehind(claim: string): Promise<string> {
  const { spec } = await lab.admin.get(persistentVolumeClaims, claim, NS);
  return spec?.volumeName ?? '';
}

test('who is not like the machine that was prepared boots, and so does one whose emulator cannot go on; both say why', async () => {
  await prepared();
  answers['cat /run/machine/start'] = 'What the machine remembered cannot be read by this emulator: it boots instead.\n';
  emulator(() => ({ return: { status: 'running' } }));
  await lab.admin.create(guests, guest('large', { domain: { ...template.spec.domain, memory: { guest: '2Gi' } } }));
  await instantStart('large', { status: 'False', message: expect.stringContaining('it has another amount of memory') });
  expect((await podOf('large', NS)).spec?.containers[0]?.args?.[0]).toBe('overlay');
  await lab.admin.create(guests, guest('vm'));
  await instantStart('vm', { status: 'False', message: expect.stringContaining('cannot be read by this emulator') });
});

test('a memory fits a machine of the same hardware, whatever its disks are called and wherever they come from', () => {
  const { domain, volumes = [] } = template.spec;
  const [root = { name: 'root' }, other = { name: 'seed' }] = domain.devices.disks ?? [];
  const renamed = { ...domain, devices: { ...domain.devices, disks: [{ ...root, name: 'system' }, other] } };
  const same = volumes.map((volume) => (volume.name === root.name ? { ...volume, name: 'system' } : volume));
  expect(misfit(template.spec, { ...template.spec, domain: renamed, volumes: same })).toBeUndefined();
  const folders = { ...domain, devices: { ...domain.devices, filesystems: [{ name: 'drive', virtiofs: {} }] } };
  expect(misfit(template.spec, { ...template.spec, domain: { ...folders, cpu: { cores: 4 } } })).toBe(
    'it has another number of processors, another number of shared folders',
  );
});
