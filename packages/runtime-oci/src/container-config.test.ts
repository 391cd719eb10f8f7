import type { ContainerSpec } from '@crownlabs/runtime';
import { expect, test } from 'vitest';
import { containerConfig } from './container-config.ts';
import { names } from './names.ts';
import { busybox } from './real-engine.test-support.ts';

const installation = '0123abcd-0000-4000-8000-000000000000';
const context = {
  engine: { kind: 'podman', ulimits: [] },
  names: names(installation),
  installation,
  pod: { uid: 'aaaabbbb-1', namespace: 'tenant-ada', name: 'desk', hostname: 'desk' },
  sandboxId: 'box',
  image: 'localhost/x:1',
  files: [],
} as const;
const config = (more: Partial<ContainerSpec> = {}) => containerConfig(busybox(['run'], more), context);

test('everything of ours is marked and joins the sandbox of its pod', () => {
  const { Labels, HostConfig, name } = config();
  expect(Labels?.['crownlabs.polito.it/installation']).toBe(installation);
  expect(name).toBe('crownlabs-0123ab-desk-main-aaaabbbb-0');
  expect(HostConfig?.NetworkMode).toBe('container:box');
});

test('without a wish to drop all, raw sockets and device nodes are dropped nevertheless', () => {
  const security = { ...busybox([]).security, capabilities: 'default' } as const;
  expect(config({ security }).HostConfig?.CapDrop).toEqual(['NET_RAW', 'MKNOD', 'AUDIT_WRITE']);
});

test('memory is a limit without swap, and processes are always bounded', () => {
  const { HostConfig } = config({ limits: { memoryBytes: 1000, cpus: 1.5 } });
  expect(HostConfig).toMatchObject({ Memory: 1000, MemorySwap: 1000, NanoCpus: 1.5e9, PidsLimit: 4096 });
});

test('a command replaces the entrypoint and leaves no arguments of the image', () => {
  expect(config()).toMatchObject({ Entrypoint: ['run'], Cmd: [] });
  expect(config({ args: ['a'] })).toMatchObject({ Entrypoint: ['run'], Cmd: ['a'] });
});

test('a device comes with the group that may use it, unless everybody may, and nothing else changes', () => {
  const groups = [1010];
  const security = { ...busybox([]).security, groups };
  const { HostConfig } = config({ security, devices: [{ path: '/dev/kvm', group: 107 }] });
  expect(HostConfig?.Devices).toEqual([{ PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rw' }]);
  expect(HostConfig?.GroupAdd).toEqual(['1010', '107']);
  const { HostConfig: open } = config({ security, devices: [{ path: '/dev/net/tun' }] });
  expect(open).toMatchObject({ Devices: [{ PathInContainer: '/dev/net/tun' }], GroupAdd: ['1010'] });
  expect(config({ security }).HostConfig?.Devices).toBeUndefined();
});
