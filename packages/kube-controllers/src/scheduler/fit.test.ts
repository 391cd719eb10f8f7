import { describe, expect, test } from 'vitest';
import { podRequests, readAmounts } from '../amounts.ts';
import type { Pod } from '../pod-state.ts';
import { explain, misfits, type Node } from './fit.ts';

function node(more: { spec?: Node['spec']; labels?: Record<string, string>; ready?: boolean } = {}): Node {
  const ready = { type: 'Ready', status: more.ready === false ? 'False' : 'True' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'one', labels: more.labels ?? {} },
    ...(more.spec && { spec: more.spec }),
    status: { allocatable: { cpu: '2', memory: '4Gi', pods: '10' }, conditions: [ready] },
  };
}

function pod(spec: Partial<NonNullable<Pod['spec']>> = {}, requests = { cpu: '1', memory: '1Gi' }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
  };
}

function against(it: Pod, on: Node, used: Record<string, string> = {}): string[] {
  return misfits(it, podRequests(it), { node: on, used: readAmounts(used), pods: 0 }).map(({ reason }) => reason);
}

describe('a pod', () => {
  test('fits where there is room, and not where another one took it', () => {
    expect(against(pod(), node())).toEqual([]);
    expect(against(pod(), node(), { cpu: '1500m' })).toEqual(['Insufficient cpu']);
  });

  test('counts its largest init container where that asks for more than all the others', () => {
    const init = [{ name: 'i', image: 'i', resources: { requests: { memory: '6Gi' } } }];
    expect(against(pod({ initContainers: init }), node())).toEqual(['Insufficient memory']);
  });

  test('goes to no node that is tainted, closed or silent, unless it tolerates that', () => {
    const taints = [{ key: 'exam', value: 'yes', effect: 'NoSchedule' }];
    expect(against(pod(), node({ spec: { taints } }))).toEqual(['node(s) had untolerated taint {exam: yes}']);
    expect(against(pod({ tolerations: [{ key: 'exam', operator: 'Exists' }] }), node({ spec: { taints } }))).toEqual([]);
    expect(against(pod(), node({ spec: { unschedulable: true } }))).toEqual(['node(s) were unschedulable']);
    expect(against(pod(), node({ ready: false }))).toEqual(['node(s) were not ready']);
  });

  test('goes only where its selector and affinity lead', () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }] },
      },
    };
    expect(against(pod({ nodeSelector: { room: '1' } }), node())).toEqual(["node(s) didn't match Pod's node affinity/selector"]);
    expect(against(pod({ nodeSelector: { room: '1' }, affinity }), node({ labels: { room: '1', gpu: '' } }))).toEqual([]);
  });
});

test('a refusal counts the nodes by reason and gives the figures', () => {
  const large = pod({}, { cpu: '3', memory: '1Gi' });
  const wrong = misfits(large, podRequests(large), { node: node(), used: readAmounts({ cpu: '500m' }), pods: 0 });
  expect(explain([wrong, [{ reason: 'node(s) were unschedulable' }]])).toBe(
    '0/2 nodes are available: 1 Insufficient cpu (needs 3, 1500m of 2 free), 1 node(s) were unschedulable.',
  );
});
