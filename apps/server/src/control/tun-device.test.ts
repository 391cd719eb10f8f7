import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tunDevice } from './tun-device.ts';
import { probeTun } from './tun-probe.ts';

test('pods are given the device that plugs cards into networks where they could open it, and who looks is told what to do where not', async () => {
  const ofAll = { resource: 'devices.kubevirt.io/tun', path: '/dev/null', count: 1_000 };
  expect(await tunDevice(() => probeTun('/dev/null'))).toEqual(ofAll);
  const directory = await mkdtemp(join(tmpdir(), 'crownlabs-tun-'));
  const path = join(directory, 'tun');
  expect(await probeTun(path)).toEqual({ found: expect.stringContaining('modprobe tun') });
  await writeFile(path, '');
  await chmod(path, 0o600);
  expect(await probeTun(path)).toEqual({ found: expect.stringContaining('chmod 666') });
  expect(await tunDevice(() => probeTun(path))).toBeUndefined();
  await rm(directory, { recursive: true });
});
