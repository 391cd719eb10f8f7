import type { DataVolume } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { importProgress } from './import-progress.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const EARLIER = '2026-11-22T09:58:00Z';

const disk = (status: DataVolume['status']): DataVolume => ({
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'DataVolume',
  metadata: { name: 'vm' },
  spec: { source: {}, pvc: { resources: { requests: { storage: '20G' } } } },
  ...(status ? { status } : {}),
});

test('a disk on its way is told with its size and since when it comes', () => {
  const conditions = [{ type: 'Running', status: 'True', lastTransitionTime: EARLIER }];
  const facts = { disk: disk({ phase: 'ImportInProgress', progress: '42.0%', conditions }) };
  expect(importProgress(facts, undefined, NOW)).toEqual({ importing: { progress: '42.0%', size: '20G', since: EARLIER } });
});

test('since when it comes is told once, so that a look later changes nothing', () => {
  const facts = { disk: disk({ phase: 'ImportInProgress', progress: '42.0%' }) };
  const first = importProgress(facts, undefined, NOW);
  expect(importProgress(facts, first, NOW + 60_000)).toEqual(first);
});

test('nothing is told of a disk that has not begun, that is complete, or that is not there', () => {
  expect(importProgress({ disk: disk({ phase: 'ImportScheduled', progress: 'N/A' }) }, undefined, NOW)).toEqual({});
  expect(importProgress({ disk: disk({ phase: 'Succeeded', progress: '100.0%' }) }, undefined, NOW)).toEqual({});
  expect(importProgress({ disk: disk(undefined) }, undefined, NOW)).toEqual({});
  expect(importProgress({ disk: undefined }, undefined, NOW)).toEqual({});
});
