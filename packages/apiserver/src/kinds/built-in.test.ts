import { expect, test } from 'vitest';
import { isObject, type JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { builtInDefinitions, builtInResources, REF_PREFIX } from './index.ts';

const resources = builtInResources();

function find(kind: string, group = ''): ResourceInfo {
  const found = resources.find((one) => one.kind === kind && one.group === group);
  if (!found) throw new Error(`${kind} is not served`);
  return found;
}

function decoded(kind: string, object: JsonObject): { object: JsonObject; unknown: string[] } {
  const unknown: string[] = [];
  find(kind).prune(object, (path) => unknown.push(path));
  return { object, unknown };
}

function references(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(references);
  if (!isObject(node)) return [];
  const own = typeof node['$ref'] === 'string' ? [node['$ref']] : [];
  return [...own, ...Object.values(node).flatMap(references)];
}

test('every served kind has a schema whose references all lead somewhere', () => {
  const definitions = builtInDefinitions();
  expect(resources.filter((one) => !isObject(one.schema?.['properties'])).map((one) => one.kind)).toEqual([]);
  const missing = Object.values(definitions)
    .flatMap(references)
    .filter((ref) => definitions[ref.slice(REF_PREFIX.length)] === undefined);
  expect(missing).toEqual([]);
  expect(Object.keys(definitions).length).toBeGreaterThan(400);
});

test('an unknown field is reported with its path and removed', () => {
  const { object, unknown } = decoded('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', odd: 1 },
    spec: { containers: [{ name: 'c', imag: 'x', ports: [{ containerPort: 1, prot: 'TCP' }] }] },
  });
  expect(unknown).toEqual(['metadata.odd', 'spec.containers[0].imag', 'spec.containers[0].ports[0].prot']);
  expect(object['spec']).toEqual({ containers: [{ name: 'c', ports: [{ containerPort: 1 }], resources: {} }] });
});

test('amounts and times take their canonical form, zero values that Kubernetes does not write are dropped', () => {
  const { object } = decoded('Pod', {
    metadata: { labels: {}, creationTimestamp: '2026-01-02T03:04:05.678+01:00', deletionGracePeriodSeconds: 0 },
    spec: {
      hostNetwork: false,
      nodeName: '',
      priority: 0,
      containers: [{ name: 'c', env: [], resources: { limits: { cpu: '1000m', memory: 1.5 } } }],
    },
  });
  expect(object).toEqual({
    metadata: { creationTimestamp: '2026-01-02T02:04:05Z', deletionGracePeriodSeconds: 0 },
    spec: { priority: 0, containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1500m' } } }] },
    status: {},
  });
});

test('a value of the wrong type is a bad request that names kind and version', () => {
  expect(() => decoded('ConfigMap', { data: { a: 1 } })).toThrow(
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data.a of type string',
  );
});

test('status belongs to its own endpoint', () => {
  const context = { user: { username: 'ada', groups: [] }, now: 0, subresource: '', warn: () => undefined };
  const quota = find('ResourceQuota');
  const created: JsonObject = { metadata: { name: 'q' }, spec: { hard: { pods: '1' } }, status: { used: { pods: '9' } } };
  quota.prepare(created, undefined, context);
  expect(created['status']).toEqual({});
  const stored: JsonObject = { metadata: { name: 'q' }, spec: { hard: { pods: '1' } }, status: { used: { pods: '0' } } };
  const update: JsonObject = { metadata: { name: 'q' }, spec: { hard: { pods: '2' } }, status: {} };
  quota.prepare(update, stored, context);
  expect(update).toEqual({ metadata: { name: 'q' }, spec: { hard: { pods: '2' } }, status: { used: { pods: '0' } } });
  const status: JsonObject = { metadata: { name: 'q' }, spec: { hard: {} }, status: { used: { pods: '1' } } };
  quota.prepare(status, stored, { ...context, subresource: 'status' });
  expect(status).toEqual({ metadata: { name: 'q' }, spec: { hard: { pods: '1' } }, status: { used: { pods: '1' } } });
});
