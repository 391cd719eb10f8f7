import type { ContainerState, PodInfo } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { powerOff } from './power-off.ts';

const pod = (name: string, state: ContainerState): PodInfo => ({
  uid: name,
  name,
  namespace: 'tenant-ada',
  ip: '192.0.2.1',
  alive: true,
  containers: [{ id: `${name}/compute`, podUid: name, name: 'compute', attempt: 0, image: 'any', imageId: 'any', state }],
});

test('machines that run are asked to shut down, also where one of them does not hear; containers are nobody to ask', async () => {
  const running = { phase: 'running', startedAt: 0 } as const;
  const ended = { phase: 'exited', exitCode: 0, startedAt: 0, finishedAt: 0, outOfMemory: false } as const;
  const pods = [
    pod('virt-launcher-deaf-1a2b3', running),
    pod('virt-launcher-mine-4c5d6', running),
    pod('virt-launcher-off-7e8f9', ended),
    pod('desktop-0', running),
  ];
  const asked: string[] = [];
  const stopContainer = async (id: string, graceMs: number) => {
    expect(graceMs).toBeGreaterThan(0);
    asked.push(id);
    if (id.includes('deaf')) throw new LabError('Timeout', 'nobody hears');
  };
  await powerOff({ pods: async () => pods, stopContainer });
  expect(asked).toEqual(['virt-launcher-deaf-1a2b3/compute', 'virt-launcher-mine-4c5d6/compute']);
});
