import { Environment } from '@crownlabs/api';
import { expect, test } from 'vitest';
import type { EnvironmentFacts } from './facts.ts';
import { podTrouble } from './pod-trouble.ts';

/** An environment whose pod found no place, for the reason that a scheduler gives. */
function unplaced(message: string): EnvironmentFacts {
  return {
    environment: Environment.parse({
      name: 'desktop',
      image: 'crownlabs/desktop:1',
      environmentType: 'Container',
      resources: { cpu: 1, memory: '1G', reservedCPUPercentage: 10 },
    }),
    name: 'x-desktop',
    deployment: undefined,
    machine: undefined,
    service: undefined,
    ingress: undefined,
    route: undefined,
    claim: undefined,
    shared: [],
    obstacle: undefined,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] },
    },
    build: undefined,
    connectable: false,
  };
}

test('a machine that is full is said with the figures, and that waiting helps', () => {
  const { reason, message } = podTrouble(unplaced('0/1 nodes are available: 1 Insufficient memory.')) ?? {};
  expect(reason).toBe('WaitingForPlace');
  expect(message).toBe(
    'Waiting for a place on the machine: 0/1 nodes are available: 1 Insufficient memory. The environment starts as soon as others stop.',
  );
});

test('where no machine runs environments, nobody is told to wait for others to stop', () => {
  const { reason, message } = podTrouble(unplaced('0/0 nodes are available: no node is registered.')) ?? {};
  expect(reason).toBe('NoMachine');
  expect(message).toContain('crownlabs doctor');
});
