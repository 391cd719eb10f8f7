import type { InstancePhase } from '@crownlabs/api';
import { expect, test } from 'vitest';
import { instancePhase } from './phase.ts';

const cases: [InstancePhase[], InstancePhase][] = [
  [['Ready', 'Failed'], 'Failed'],
  [['Ready', 'CreationLoopBackoff'], 'Failed'],
  [['ResourceQuotaExceeded', 'Ready'], 'ResourceQuotaExceeded'],
  [['Failed', 'ResourceQuotaExceeded'], 'Failed'],
  [['Ready', 'Ready'], 'Ready'],
  [['Ready', 'Starting'], 'Running'],
  [['Running', 'Off'], 'Running'],
  [['Starting', 'Off'], 'Starting'],
  [['Importing', 'Stopping'], 'Starting'],
  [['Stopping', 'Off'], 'Stopping'],
  [['Off', 'Off'], 'Off'],
  [['', 'Off'], ''],
  [[], ''],
];

test.each(cases)('environments %j make an instance %j', (phases, phase) => {
  expect(instancePhase(phases)).toBe(phase);
});
