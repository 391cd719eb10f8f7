import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../replica-set/status.ts';
import { desiredSet, nextSizes, roomOf } from './desired.ts';
import { currentSet, type Deployment } from './revision.ts';

function deployment(replicas: number, more: Record<string, unknown> = {}): Deployment {
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'n', uid: 'u' },
    spec: { replicas, selector: { matchLabels: { app: 'd' } }, template, ...more },
  };
}

function set(name: string, size: number, available: number): ReplicaSet {
  const spec = { replicas: size, selector: {} };
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name }, spec, status: { replicas: size, availableReplicas: available } };
}

const sizes = (of: Deployment, current: ReplicaSet, ...old: ReplicaSet[]) => Object.fromEntries(nextSizes(of, current, old));

describe('a rolling update', () => {
  test('of one pod starts the new one first and ends the old one when the new one is there', () => {
    expect(sizes(deployment(1), set('new', 0, 0), set('old', 1, 1))).toEqual({ new: 1, old: 1 });
    expect(sizes(deployment(1), set('new', 1, 0), set('old', 1, 1))).toEqual({ new: 1, old: 1 });
    expect(sizes(deployment(1), set('new', 1, 1), set('old', 1, 1))).toEqual({ new: 1, old: 0 });
  });

  test('never has more pods than it may, nor fewer available ones', () => {
    const four = deployment(4, { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } });
    expect(sizes(four, set('new', 0, 0), set('old', 4, 4))).toEqual({ new: 1, old: 3 });
    expect(sizes(four, set('new', 1, 0), set('old', 3, 3))).toEqual({ new: 2, old: 3 });
  });

  test('gives up broken old pods first', () => {
    expect(sizes(deployment(4), set('new', 1, 1), set('old', 4, 2))).toEqual({ new: 1, old: 2 });
  });
});

test('a recreated deployment waits until the old pods are gone', () => {
  const recreated = deployment(2, { strategy: { type: 'Recreate' } });
  expect(sizes(recreated, set('new', 0, 0), set('old', 2, 2))).toEqual({ new: 0, old: 0 });
  expect(sizes(recreated, set('new', 0, 0), set('old', 0, 0))).toEqual({ new: 2, old: 0 });
});

test('shares are rounded so that there is always room to move', () => {
  expect(roomOf(deployment(1))).toEqual({ surge: 1, unavailable: 0 });
  expect(roomOf(deployment(10))).toEqual({ surge: 3, unavailable: 2 });
  expect(roomOf(deployment(3, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } } }))).toEqual({
    surge: 0,
    unavailable: 1,
  });
});

test('a set is found again by its template, and another template has another name', () => {
  const before = deployment(1);
  const made = desiredSet(before, 1, 1);
  expect(currentSet(before, [{ ...made }])).toBeDefined();
  const changed = deployment(1, { template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'j' }] } } });
  expect(currentSet(changed, [{ ...made }])).toBeUndefined();
  expect(desiredSet(changed, 1, 2).metadata.name).not.toBe(made.metadata.name);
});
