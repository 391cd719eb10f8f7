import { expect, test } from 'vitest';
import { z } from 'zod';
import { crds } from './kinds.ts';
import { marked } from './schema-mark.ts';
import { quantity } from './shared-schema.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

test('what has a default is not required, unless it is marked so', () => {
  const schema = z.object({
    a: z.boolean().default(true),
    b: marked(z.boolean().default(false), { required: true }),
    c: z.string().optional(),
    d: z.int(),
  });
  expect(structuralSchema(schema)).toEqual({
    type: 'object',
    properties: {
      a: { type: 'boolean', default: true },
      b: { type: 'boolean', default: false },
      c: { type: 'string' },
      d: { type: 'integer', format: 'int64' },
    },
    required: ['b', 'd'],
  });
});

test('quantities are integers or strings, lists can be maps, times have a format and no pattern', () => {
  const schema = z.object({
    size: quantity('How much.').optional(),
    parts: marked(z.array(z.object({ name: z.string() })), { listMapKeys: ['name'] }),
    at: z.iso.datetime(),
  });
  const { properties } = structuralSchema(schema);
  expect(properties?.['size']).toMatchObject({ 'x-kubernetes-int-or-string': true, description: 'How much.' });
  expect(properties?.['size']).not.toHaveProperty('type');
  expect(properties?.['parts']).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
  expect(properties?.['at']).toEqual({ type: 'string', format: 'date-time' });
});

function* nodes(schema: StructuralSchema, path: string): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* nodes(child, `${path}.${name}`);
  if (schema.items) yield* nodes(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* nodes(schema.additionalProperties, `${path}{}`);
}

function* faults({ type, properties, additionalProperties, description, ...rest }: StructuralSchema, path: string): Generator<string> {
  if (type === undefined && rest['x-kubernetes-int-or-string'] !== true) yield `${path} has no type`;
  if (properties && additionalProperties) yield `${path} is two kinds of object`;
  if (/\.(spec|status)(\..*[^\]}])?$/.test(path) && !isSentence(description)) yield `${path} is not explained: ${description}`;
}

/** A capital, two words at least, and a full stop: what `kubectl explain` prints under the field. */
function isSentence(text = ''): boolean {
  return /^[A-Z]\S*( \S+)+\.$/.test(text);
}

test('every schema of ours is structural, and every field says what it is', () => {
  const roots = crds().flatMap((crd) => crd.spec.versions.map((it) => nodes(it.schema.openAPIV3Schema, crd.spec.names.kind)));
  const all = roots.flatMap((it) => [...it]);
  expect(all.length).toBeGreaterThan(200);
  expect(all.flatMap(([path, node]) => [...faults(node, path)])).toEqual([]);
});

test('the fields that the compatible schemas require although they have a default are required here', () => {
  const roots = crds().flatMap((crd) => crd.spec.versions.map((it) => nodes(it.schema.openAPIV3Schema, crd.spec.names.kind)));
  const both = roots
    .flatMap((it) => [...it])
    .flatMap(([path, { properties = {}, required = [] }]) =>
      required.filter((name) => properties[name]?.default !== undefined).map((name) => `${path}.${name}`),
    );
  expect(both).toEqual([
    'Template.spec.cleanup',
    'Template.spec.environmentList[].mountMyDriveVolume',
    'Template.spec.cleanup.deleteAfterCreation',
    'Template.spec.cleanup.deleteAfterInactivity',
    'Template.spec.cleanup.stopAfterInactivity',
    'Instance.spec.publicExposure.ports[].port',
    'Instance.status.publicExposure.ports[].port',
  ]);
});
