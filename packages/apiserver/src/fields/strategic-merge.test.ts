import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { builtInResources } from '../kinds/index.ts';
import { strategicMerge } from './strategic-merge.ts';

const resources = builtInResources();

function patched(kind: string, original: JsonObject, patch: JsonObject): JsonObject {
  const resource = resources.find((one) => one.kind === kind);
  if (!resource) throw new Error(`no ${kind}`);
  return strategicMerge(structuredClone(original), patch, resource);
}

const pod = (containers: JsonObject[]) => ({ spec: { template: { spec: { containers } } } });
const AB = pod([
  {
    name: 'a',
    image: 'a:1',
    env: [
      { name: 'X', value: '1' },
      { name: 'Y', value: '2' },
    ],
  },
  { name: 'b', image: 'b:1' },
]);

test('list items with a merge key are merged where they stand, new ones come first', () => {
  expect(patched('Deployment', AB, pod([{ name: 'b', image: 'b:2' }]))).toMatchObject(pod([{ name: 'a' }, { name: 'b', image: 'b:2' }]));
  expect(patched('Deployment', AB, pod([{ name: 'c', image: 'c:1' }]))).toMatchObject(pod([{ name: 'c' }, { name: 'a' }, { name: 'b' }]));
  const env = [
    { name: 'Y', value: 'new' },
    { name: 'Z', value: '3' },
  ];
  expect(patched('Deployment', AB, pod([{ name: 'a', env }]))).toMatchObject(
    pod([{ name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }, ...env] }, { name: 'b' }]),
  );
});

test('items can be deleted, the whole list replaced, and the order set', () => {
  expect(
    patched(
      'Deployment',
      AB,
      pod([
        { name: 'a', env: [{ name: 'X', $patch: 'delete' }] },
        { name: 'b', $patch: 'delete' },
      ]),
    ),
  ).toEqual(pod([{ name: 'a', image: 'a:1', env: [{ name: 'Y', value: '2' }] }]));
  expect(patched('Deployment', AB, pod([{ $patch: 'replace' }, { name: 'only', image: 'o' }]))).toEqual(
    pod([{ name: 'only', image: 'o' }]),
  );
  const order = { spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } } } };
  expect(patched('Deployment', AB, order)).toMatchObject(pod([{ name: 'b' }, { name: 'a' }]));
});

test('an item without its merge key and an unknown directive are refused', () => {
  expect(() => patched('Deployment', AB, pod([{ image: 'x' }]))).toThrow('map: map[image:x] does not contain declared merge key: name');
  expect(() => patched('Deployment', AB, { spec: { $patch: 'bogus' } })).toThrow('unknown patch type: bogus in map: map[$patch:bogus]');
});

test('retained keys push the others out', () => {
  const original = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
  expect(patched('Deployment', original, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })).toEqual({
    spec: { strategy: { type: 'Recreate' } },
  });
});

test('lists of texts are united or thinned out, maps replaced or emptied, nulls delete', () => {
  const map = { metadata: { finalizers: ['a', 'b'] }, data: { k: 'v' } };
  expect(patched('ConfigMap', map, { metadata: { finalizers: ['c'] } })).toMatchObject({ metadata: { finalizers: ['c', 'a', 'b'] } });
  expect(patched('ConfigMap', map, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toMatchObject({
    metadata: { finalizers: ['b'] },
  });
  expect(patched('ConfigMap', map, { data: { $patch: 'replace', only: 'this' } })).toMatchObject({ data: { only: 'this' } });
  expect(patched('ConfigMap', map, { data: { $patch: 'delete' } })).toMatchObject({ data: {} });
  expect(patched('ConfigMap', map, { data: null, metadata: { finalizers: null } })).toEqual({ metadata: {} });
});

test('a list without a strategy is replaced', () => {
  const account = { secrets: [{ name: 'one' }], imagePullSecrets: [{ name: 'p1' }] };
  const patch = { secrets: [{ name: 'two' }], imagePullSecrets: [{ name: 'p2' }] };
  expect(patched('ServiceAccount', account, patch)).toEqual({
    secrets: [{ name: 'two' }, { name: 'one' }],
    imagePullSecrets: [{ name: 'p2' }],
  });
});
