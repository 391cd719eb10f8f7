import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { compileSchema } from './compile-schema.ts';

const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
const KEYS = ['a', 'b', 'c', 'metadata'];

/** Any JSON of the keys that the schemas use, so that both meet. */
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS, 'other'), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const leaf = fc.record(
  { type: fc.constantFrom('string', 'integer'), nullable: fc.boolean(), default: fc.constantFrom('d', 7) },
  { requiredKeys: ['type'] },
);
const schemas = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom(...KEYS.slice(0, 3)), tie('schema'), { maxKeys: 3 }),
        default: fc.constant({}),
        'x-kubernetes-preserve-unknown-fields': fc.boolean(),
      },
      { requiredKeys: ['type', 'properties'] },
    ),
  ),
})).schema;

const compiled = schemas.map((schema) => compileSchema({ type: 'object', properties: { spec: schema } }, { custom: true }));
const object = json.map((spec): JsonObject => ({ apiVersion: 'x/v1', kind: 'X', metadata: { name: 'x' }, spec }));

test('pruning twice removes nothing more, and tells nothing more', () => {
  fc.assert(
    fc.property(compiled, object, (schema, value) => {
      schema.prune(value, () => undefined);
      const once = structuredClone(value);
      const told: string[] = [];
      schema.prune(value, (path) => told.push(path));
      expect(value).toEqual(once);
      expect(told).toEqual([]);
    }),
  );
});

test('defaulting twice changes nothing more', () => {
  fc.assert(
    fc.property(compiled, object, (schema, value) => {
      schema.applyDefaults(value);
      const once = structuredClone(value);
      schema.applyDefaults(value);
      expect(value).toEqual(once);
    }),
  );
});

test('what defaulting adds is not pruned', () => {
  fc.assert(
    fc.property(compiled, object, (schema, value) => {
      schema.prune(value, () => undefined);
      schema.applyDefaults(value);
      const told: string[] = [];
      schema.prune(value, (path) => told.push(path));
      expect(told).toEqual([]);
    }),
  );
});

test('an object that did not change is never refused', () => {
  fc.assert(
    fc.property(compiled, object, (schema, value) => {
      expect(schema.validate(structuredClone(value), value)).toEqual([]);
    }),
  );
});
