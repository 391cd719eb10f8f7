import { array, assert, constantFrom, dictionary, property } from 'fast-check';
import { expect, test } from 'vitest';
import { isObject, type JsonObject } from '../json.ts';
import { builtInResources } from '../kinds/index.ts';
import { applyPatch } from './apply-patch.ts';
import { FieldSet } from './field-set.ts';
import { decodeFieldsV1, encodeFieldsV1 } from './fields-v1.ts';
import { strategicMerge } from './strategic-merge.ts';

const element = constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:"s"', 'v:3');
const fieldSet = array(array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 }).map((paths) => FieldSet.of(...paths));

test('a set of fields survives being written and read', () => {
  assert(property(fieldSet, (set) => decodeFieldsV1(encodeFieldsV1(set))?.equals(set) ?? false));
});

test('what two sets share and what each has alone is all they have', () => {
  assert(
    property(fieldSet, fieldSet, (a, b) => {
      const parts = a.difference(b).union(b.difference(a)).union(a.intersection(b));
      expect(parts.equals(a.union(b))).toBe(true);
    }),
  );
});

const configMap = builtInResources().find((one) => one.kind === 'ConfigMap');
// As the decoder makes objects whose keys come from outside.
const data = dictionary(constantFrom('a', 'b', 'c', '__proto__'), constantFrom('1', '2')).map(
  (entries): Record<string, string> => Object.assign(Object.create(null), entries),
);

function applied(live: JsonObject | undefined, manager: string, values: Record<string, string>): JsonObject {
  if (!configMap) throw new Error('no ConfigMap');
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: values };
  const object = applyPatch({ live, config, manager, force: true, resource: configMap, subresource: '', now: 0 });
  configMap.prune(object, () => undefined);
  return object;
}

test('after a forced apply the object says what was applied, and applying it again changes nothing', () => {
  assert(
    property(data, data, data, (first, second, third) => {
      const one = applied(applied(applied(undefined, 'one', first), 'two', second), 'one', third);
      const held = isObject(one['data']) ? one['data'] : {};
      for (const [key, value] of Object.entries(third)) expect(held[key]).toBe(value);
      for (const key of Object.keys(held)) expect(key in third || key in second).toBe(true);
      expect(applied(one, 'one', third)).toEqual(one);
    }),
  );
});

test('a strategic merge patch of a map has the last word on the keys that it names', () => {
  assert(
    property(data, data, (before, change) => {
      if (!configMap) throw new Error('no ConfigMap');
      const after = strategicMerge({ data: before }, { data: change }, configMap)['data'];
      expect({ ...(isObject(after) ? after : {}) }).toEqual({ ...before, ...change });
    }),
  );
});
