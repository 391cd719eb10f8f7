import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSeccompProfile } from './seccomp-profile.ts';

const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  syscalls: [{ names: ['read', 'write'], action: 'SCMP_ACT_ALLOW', args: [], includes: { arches: ['amd64', 'x32'] } }],
};

test('containers get the filter of the engine, for 64 and 32 bits but not for x32', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seccomp-'));
  const [theirs, ours] = [join(folder, 'theirs.json'), join(folder, 'ours.json')];
  await writeFile(theirs, JSON.stringify(PROFILE));
  expect(await writeSeccompProfile(ours, [join(folder, 'absent.json'), theirs])).toBe(true);
  expect(JSON.parse(await readFile(ours, 'utf8'))).toEqual({
    ...PROFILE,
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
  });
});

test('an engine whose filter is not found keeps the one that it has inside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seccomp-'));
  expect(await writeSeccompProfile(join(folder, 'ours.json'), [join(folder, 'absent.json')])).toBe(false);
});
