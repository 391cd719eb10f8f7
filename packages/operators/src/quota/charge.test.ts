import { Environment } from '@crownlabs/api';
import { expect, test } from 'vitest';
import { chargeOf, NO_CHARGE, refusalText, shortageOf, totalCharge, waitingText } from './charge.ts';

const environment = (cpu: number | string, memory: string, extra: object = {}) =>
  Environment.parse({
    name: 'e',
    image: 'i',
    environmentType: 'Container',
    resources: { cpu, memory, reservedCPUPercentage: 50 },
    ...extra,
  });

const quota = { cpu: 10, memory: '20G', instances: 3 };

test('the third environment of four cores does not fit in ten', () => {
  const one = chargeOf([environment(4, '1G')], 'everything');
  const two = totalCharge([one, one]);
  expect(shortageOf(quota, one, one)).toBeUndefined();
  const shortage = shortageOf(quota, two, one);
  expect(shortage && refusalText(shortage)).toBe('quota exceeded: CPU (12 > 10)');
});

test('a machine is charged what its pod is limited to, so that what is admitted also starts', () => {
  const machine = environment(2, '2G', { environmentType: 'VirtualMachine' });
  expect(chargeOf([machine], 'everything')).toMatchObject({
    cpu: { nano: 2_500_000_000n },
    memory: { nano: 2_500_000_000n * 1_000_000_000n },
  });
});

test('a stopped persistent environment takes its disk and nothing else', () => {
  const kept = environment(4, '1G', { persistent: true, resources: { cpu: 4, memory: '1G', disk: '5G', reservedCPUPercentage: 1 } });
  const charge = chargeOf([kept], 'disks');
  expect(charge).toMatchObject({ cpu: { nano: 0n }, instances: 0 });
  const shortage = shortageOf({ ...quota, disk: '8G' }, charge, chargeOf([kept], 'everything'));
  expect(shortage && refusalText(shortage)).toBe('quota exceeded: Disk (10G > 8G)');
  expect(shortageOf(quota, charge, charge)).toBeUndefined();
});

test('an extended resource without a quota is not allowed', () => {
  const gpu = environment(1, '1G', {
    resources: { cpu: 1, memory: '1G', reservedCPUPercentage: 1, otherResources: { 'nvidia.com/gpu': 1 } },
  });
  const shortage = shortageOf(quota, NO_CHARGE, chargeOf([gpu], 'everything'));
  expect(shortage && refusalText(shortage)).toBe('quota exceeded: nvidia.com/gpu (1 > 0)');
});

test('people are told what they wait for', () => {
  const used = chargeOf([environment(1, '7500M')], 'everything');
  const shortage = shortageOf({ ...quota, memory: '8G' }, used, chargeOf([environment('500m', '2G')], 'everything'));
  expect(shortage && waitingText(shortage)).toBe(
    'Waiting for 2 GB of memory: your workspace allows 8 GB and 7.5 GB are in use. Stop or delete another instance.',
  );
});
