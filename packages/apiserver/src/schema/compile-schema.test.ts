import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { compileSchema } from './compile-schema.ts';

const inSpec = (properties: JsonObject, more: JsonObject = {}) =>
  compileSchema({ type: 'object', properties: { spec: { type: 'object', properties, ...more } } }, { custom: true });
const withSpec = (spec: Json): JsonObject => ({ apiVersion: 'labs.example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec });

function pruned(schema: ReturnType<typeof inSpec>, spec: Json): { spec: Json | undefined; unknown: string[] } {
  const object = withSpec(spec);
  const unknown: string[] = [];
  schema.prune(object, (path) => unknown.push(path));
  return { spec: object['spec'], unknown };
}

function problems(schema: ReturnType<typeof inSpec>, spec: Json, old?: Json): string[] {
  return schema.validate(withSpec(spec), old === undefined ? undefined : withSpec(old)).map((error) => `${error.field}: ${error.message}`);
}

describe('pruning', () => {
  test('unknown fields go, in lists and maps too, and are told in order', () => {
    const schema = inSpec({
      list: { type: 'array', items: { type: 'object', properties: { q: { type: 'integer' } } } },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { v: { type: 'integer' } } } },
    });
    const result = pruned(schema, { z: 1, list: [{ q: 1, r: 2 }], map: { a: { v: 1, w: 2 } } });
    expect(result.spec).toEqual({ list: [{ q: 1 }], map: { a: { v: 1 } } });
    expect(result.unknown).toEqual(['spec.list[0].r', 'spec.map.a.w', 'spec.z']);
  });

  test('a node that preserves unknown fields still prunes the ones it specifies', () => {
    const schema = inSpec({
      keep: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { typed: { type: 'object', properties: {} } } },
    });
    expect(pruned(schema, { keep: { free: { a: [1] }, typed: { gone: 1 } } })).toEqual({
      spec: { keep: { free: { a: [1] }, typed: {} } },
      unknown: ['spec.keep.typed.gone'],
    });
  });

  test('metadata of an embedded resource is brought into form', () => {
    const schema = inSpec({ emb: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } } });
    const result = pruned(schema, { emb: { apiVersion: 'v1', kind: 'X', metadata: { name: 'p', bogus: 1, labels: null }, status: {} } });
    expect(result.spec).toEqual({ emb: { apiVersion: 'v1', kind: 'X', metadata: { name: 'p' } } });
    expect(result.unknown).toEqual(['spec.emb.metadata.bogus', 'spec.emb.status']);
  });

  test('malformed embedded metadata is told on writes and dropped on reads', () => {
    const schema = inSpec({ emb: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: {} } });
    const object = () => withSpec({ emb: { apiVersion: 'v1', kind: 'X', metadata: { labels: { a: 1 } } } });
    const told: string[] = [];
    schema.prune(
      object(),
      () => undefined,
      (path) => told.push(path),
    );
    expect(told).toEqual(['spec.emb.metadata']);
    const read = object();
    schema.prune(read, () => undefined);
    expect(read['spec']).toEqual({ emb: { apiVersion: 'v1', kind: 'X' } });
  });
});

describe('defaults', () => {
  const schema = inSpec(
    {
      image: { type: 'string', default: 'std' },
      nested: { type: 'object', default: {}, properties: { tags: { type: 'array', items: { type: 'string' }, default: ['a'] } } },
      ports: { type: 'array', items: { type: 'object', properties: { proto: { type: 'string', default: 'TCP' } } } },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { v: { type: 'integer', default: 9 } } } },
      nul: { type: 'string', nullable: true, default: 'n' },
      plain: { type: 'string' },
    },
    { default: {} },
  );
  const filled = (spec?: Json) => {
    const object = withSpec(spec ?? null);
    if (spec === undefined) delete object['spec'];
    schema.prune(object, () => undefined);
    schema.applyDefaults(object);
    return object['spec'];
  };

  test('nested defaults fill an object that is itself a default', () => {
    expect(filled()).toEqual({ image: 'std', nested: { tags: ['a'] }, nul: 'n' });
  });

  test('items of lists and values of maps get theirs', () => {
    expect(filled({ ports: [{}], map: { a: {} } })).toMatchObject({ ports: [{ proto: 'TCP' }], map: { a: { v: 9 } } });
  });

  test('a null becomes the default, stays where it is allowed, and vanishes otherwise', () => {
    expect(filled({ image: null, nul: null, plain: null })).toEqual({ image: 'std', nested: { tags: ['a'] }, nul: null });
  });

  test('no two objects share a default', () => {
    const [first, second] = [filled(), filled()];
    (first as { nested: { tags: string[] } }).nested.tags.push('b');
    expect(second).toMatchObject({ nested: { tags: ['a'] } });
  });
});

describe('validation', () => {
  test.each<[string, JsonObject, Json, string[]]>([
    ['type', { type: 'integer' }, '3', ['spec.v: Invalid value: "string": spec.v in body must be of type integer: "string"']],
    ['length in code points', { type: 'string', maxLength: 2 }, '🙂🙂', []],
    ['pattern, unanchored', { type: 'string', pattern: 'b+' }, 'abc', []],
    ['enum', { type: 'string', enum: ['A', 'B'] }, 'C', ['spec.v: Unsupported value: "C": supported values: "A", "B"']],
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true },
      1.5,
      ['spec.v: Invalid value: "number": spec.v in body must be of type integer,string: "number"'],
    ],
    [
      'exclusive minimum',
      { type: 'number', minimum: 0, exclusiveMinimum: true },
      0,
      ['spec.v: Invalid value: 0: spec.v in body should be greater than 0'],
    ],
    ['multiple of a fraction', { type: 'number', multipleOf: 0.1 }, 0.3, []],
    ['int64 to its end', { type: 'integer', format: 'int64' }, 9_223_372_036_854_775_807n, []],
    ['not', { type: 'integer', not: { enum: [3] } }, 3, ['<nil>: Invalid value: "": "spec.v" must not validate the schema (not)']],
    ['set', { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'a'], ['spec.v[1]: Duplicate value: "a"']],
  ])('%s', (_name, schema, value, expected) => {
    expect(problems(inSpec({ v: schema }), { v: value })).toEqual(expected);
  });

  test('numbers beyond 64 bits are no integers', () => {
    expect(problems(inSpec({ v: { type: 'integer', format: 'int64' } }), { v: 9_223_372_036_854_775_808n })).toEqual([
      'spec.v: Invalid value: "float64": spec.v in body must be of type int64: "float64"',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int64 in spec.v',
    ]);
  });

  test('a pattern that would stall a backtracking matcher is answered at once', () => {
    const started = performance.now();
    expect(problems(inSpec({ v: { type: 'string', pattern: '^(a+)+$' } }), { v: `${'a'.repeat(50_000)}b` })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('what was wrong before and did not change is forgiven, at the same path or the same key', () => {
    const item = { type: 'object', properties: { id: { type: 'string' }, v: { type: 'string', maxLength: 1 } } };
    const schema = inSpec({
      a: { type: 'string', maxLength: 1 },
      keyed: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] },
      plain: { type: 'array', items: item },
    });
    const old = { a: 'long', keyed: [{ id: '1', v: 'long' }], plain: [{ id: '1', v: 'long' }] };
    expect(problems(schema, { ...old, b: 1 }, old)).toEqual([]);
    expect(problems(schema, { ...old, keyed: [{ id: '0' }, ...old.keyed] }, old)).toEqual([]);
    expect(problems(schema, { ...old, plain: [{ id: '0' }, ...old.plain] }, old)).toEqual([
      'spec.plain[1].v: Too long: may not be more than 1 byte',
    ]);
    expect(problems(schema, { ...old, a: 'other' }, old)).toEqual(['spec.a: Too long: may not be more than 1 byte']);
  });

  test('a built-in schema may refer to itself', () => {
    const definitions = {
      'x.Tree': {
        type: 'object',
        properties: { v: { type: 'integer' }, sub: { allOf: [{ $ref: '#/components/schemas/x.Tree' }], default: {} } },
      },
    };
    const schema = compileSchema({ $ref: '#/components/schemas/x.Tree' }, { definitions });
    const tree: JsonObject = { v: 1, sub: { v: 2, sub: { v: 'x', w: 1 } } };
    const unknown: string[] = [];
    schema.prune(tree, (path) => unknown.push(path));
    expect(unknown).toEqual(['sub.sub.w']);
    expect(schema.validate(tree).map((error) => error.field)).toEqual(['sub.sub.v']);
  });
});
