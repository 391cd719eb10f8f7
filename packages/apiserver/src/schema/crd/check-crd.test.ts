import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { checkCrd } from './check-crd.ts';
import { defaultCrd } from './default-crd.ts';

const OPEN: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function version(schema: JsonObject, more: JsonObject = {}): JsonObject {
  return { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more };
}

function definition(versions: JsonObject[], spec: JsonObject = {}): JsonObject {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'foos.labs.example.com' },
    spec: { group: 'labs.example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions, ...spec },
    status: { storedVersions: versions.flatMap((one) => (one['storage'] === true ? [one['name'] ?? ''] : [])) },
  };
  defaultCrd(crd);
  return crd;
}

const spec = (properties: JsonObject): JsonObject => ({ type: 'object', properties: { spec: { type: 'object', properties } } });
const problems = (crd: JsonObject, old?: JsonObject) => checkCrd(crd, old).map((error) => `${error.field}: ${error.message}`);
const AT = 'spec.validation.openAPIV3Schema.properties[spec].properties[a]';

describe('defaulting', () => {
  test('singular, list kind and conversion are filled in', () => {
    expect(definition([version(OPEN)])['spec']).toMatchObject({
      names: { plural: 'foos', kind: 'Foo', singular: 'foo', listKind: 'FooList' },
      conversion: { strategy: 'None' },
    });
  });

  test('what says nothing is not kept', () => {
    const crd = definition([
      version({ type: 'object', required: [], properties: { spec: { type: 'object', nullable: false, enum: [], properties: {} } } }),
    ]);
    expect(crd['spec']).toMatchObject({
      versions: [{ schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } } }],
    });
  });
});

describe('definitions', () => {
  test('a plain one is fine', () => {
    expect(problems(definition([version(OPEN)]))).toEqual([]);
  });

  test.each<[string, JsonObject, readonly string[]]>([
    ['scope', { scope: 'Galaxy' }, ['spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"']],
    [
      'conversion webhooks, which would need a caller',
      { conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://x/y' }, conversionReviewVersions: ['v1'] } } },
      ['spec.conversion.strategy: Forbidden: conversion webhooks are not supported by this API server'],
    ],
    [
      'preserveUnknownFields',
      { preserveUnknownFields: true },
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
  ])('%s', (_name, changes, expected) => {
    expect(problems(definition([version(OPEN)], changes))).toEqual(expected);
  });

  test('versions with different schemas are told apart, equal ones are not', () => {
    const broken = spec({ a: {} });
    const detail = 'Required value: must not be empty for specified object fields';
    const other = version(OPEN, { name: 'v2', storage: false });
    expect(problems(definition([version(broken), other]))).toEqual([
      `spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].type: ${detail}`,
    ]);
    expect(problems(definition([version(broken), { ...other, schema: { openAPIV3Schema: broken } }]))).toEqual([`${AT}.type: ${detail}`]);
  });

  test('a version that objects were stored in cannot leave', () => {
    const crd = definition([version(OPEN, { name: 'v2' })]);
    crd['status'] = { storedVersions: ['v1', 'v2'] };
    expect(problems(crd)[0]).toContain('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions');
  });

  test('scope and kind are free until the definition is established, the group never', () => {
    const old = definition([version(OPEN)]);
    const changed = definition([version(OPEN)], { scope: 'Cluster', group: 'other.example.com' });
    expect(problems(changed, old)).toEqual(['spec.group: Invalid value: "other.example.com": field is immutable']);
    old['status'] = { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] };
    expect(problems(changed, old)).toContain('spec.scope: Invalid value: "Cluster": field is immutable');
  });

  test('a schema that was accepted once is not judged again', () => {
    const crd = definition([version(spec({ a: {} }))]);
    expect(problems(structuredClone(crd), crd)).toEqual([]);
  });
});

describe('schemas', () => {
  test.each<[string, JsonObject, readonly string[]]>([
    [
      'a default with an unknown field',
      { type: 'object', properties: { b: { type: 'integer' } }, default: { c: 2 } },
      ['.default: Invalid value: {"c":2}: must not have unknown fields'],
    ],
    [
      'a default that breaks a rule',
      {
        type: 'object',
        properties: { b: { type: 'integer' } },
        default: {},
        'x-kubernetes-validations': [{ rule: 'has(self.b)', message: 'needs b' }],
      },
      ['.default: Invalid value: needs b'],
    ],
    [
      'a default that breaks the schema',
      { type: 'integer', maximum: 3, default: 5 },
      ['.default: Invalid value: 5:  in body should be less than or equal to 3'],
    ],
    ['types in junctors', { type: 'object', oneOf: [{ type: 'object' }] }, ['.oneOf[0].type: Forbidden: must be empty to be structural']],
    ['references', { $ref: '#/x' }, ['.$ref: Forbidden: $ref is not supported']],
    [
      'sets of objects that are not atomic',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' },
      ['.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set'],
    ],
    ['the int-or-string pattern', { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }, []],
  ])('%s', (_name, schema, expected) => {
    expect(problems(definition([version(spec({ a: schema }))]))).toEqual(expected.map((text) => `${AT}${text}`));
  });
});

describe('rules', () => {
  const ruled = (schema: JsonObject, rule: JsonObject) =>
    definition([version(spec({ a: { ...schema, 'x-kubernetes-validations': [rule] } }))]);
  const RULE = `${AT}.x-kubernetes-validations[0].rule`;

  test('a rule must compile to a condition', () => {
    expect(problems(ruled({ type: 'integer' }, { rule: 'self + 1' }))[0]).toMatch(
      /rule: Invalid value: .*: cel expression must evaluate to a bool$/,
    );
    expect(problems(ruled({ type: 'integer' }, { rule: 'self.b' }))[0]).toContain('compilation failed: ERROR: <input>:1:5: type');
  });

  test('a rule over lists without limits costs too much, and the advice helps', () => {
    const rule = { rule: 'self.all(x, self.all(y, x == y))' };
    const advice =
      'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
    expect(problems(ruled({ type: 'array', items: { type: 'string' } }, rule))).toContain(
      `${RULE}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (${advice})`,
    );
    expect(problems(ruled({ type: 'array', maxItems: 20, items: { type: 'string', maxLength: 20 } }, rule))).toEqual([]);
  });

  test('names that are no identifiers are escaped', () => {
    const properties = { 'a-b': { type: 'integer' }, 'c.d': { type: 'integer' }, in: { type: 'integer' }, x__y: { type: 'integer' } };
    const rule = 'self.a__dash__b + self.c__dot__d + self.__in__ + self.x__underscores__y > 0';
    expect(problems(ruled({ type: 'object', properties }, { rule }))).toEqual([]);
  });
});
