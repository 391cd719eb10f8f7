/** An OpenAPI v3 document as a Kubernetes API writes it, of the kinds that front ends use. */

import { crds } from '@crownlabs/api';

interface KindShape {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly schema: { readonly properties?: Readonly<Record<string, unknown>> };
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const text = { type: 'string' };
const map = { type: 'object', additionalProperties: text };
const object = (properties: object) => ({ type: 'object', properties });
const list = (items: object) => ({ type: 'array', items });

const KINDS: readonly KindShape[] = crds().flatMap(({ spec }) =>
  spec.versions.map(({ name, schema }) => ({
    group: spec.group,
    version: name,
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
    schema: schema.openAPIV3Schema,
  })),
);

const schemaName = ({ group, version, kind }: KindShape) => [...group.split('.').toReversed(), version, kind].join('.');
const pointer = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The documents of our groups, by group and version. */
export function fakeDescription(): Record<string, object> {
  const places = new Set(KINDS.map(({ group, version }) => `apis/${group}/${version}`));
  return Object.fromEntries(
    [...places].map((place) => [place, document(KINDS.filter((kind) => `apis/${kind.group}/${kind.version}` === place))]),
  );
}

function document(kinds: readonly KindShape[]): object {
  const schemas: Record<string, object> = {
    [`${META}.ObjectMeta`]: object({
      name: text,
      namespace: text,
      generateName: text,
      uid: text,
      resourceVersion: text,
      creationTimestamp: { type: 'string', format: 'date-time' },
      deletionTimestamp: { type: 'string', format: 'date-time' },
      labels: map,
      annotations: map,
    }),
    [`${META}.ListMeta`]: object({ continue: text, resourceVersion: text }),
    [`${META}.Status`]: object({ kind: text, status: text, message: text, code: { type: 'integer', format: 'int32' } }),
  };
  const paths: Record<string, object> = {};
  for (const kind of kinds) {
    const metadata = { allOf: [pointer(`${META}.ObjectMeta`)], default: {} };
    schemas[schemaName(kind)] = object({ ...kind.schema.properties, metadata });
    schemas[`${schemaName(kind)}List`] = object({
      apiVersion: text,
      kind: text,
      metadata: pointer(`${META}.ListMeta`),
      items: list(pointer(schemaName(kind))),
    });
    Object.assign(paths, pathsOf(kind));
  }
  return { openapi: '3.0.0', paths, components: { schemas } };
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function pathsOf(kind: KindShape): Record<string, object> {
  const base = `/apis/${kind.group}/${kind.version}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : `${base}/${kind.plural}`;
  const scope = kind.namespaced ? 'Namespaced' : '';
  const place = kind.group.split('.').map(capital).join('') + capital(kind.version);
  const id = (verb: string, rest = `${scope}${kind.kind}`) => `${verb}${place}${rest}`;
  const query = (...names: string[]) =>
    names.map((name) => ({ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string' } }));
  const operation = (operationId: string, action: string, result: string, parameters: object[] = []) => ({
    operationId,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
    parameters,
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: pointer(result) } } } },
  });
  const one = schemaName(kind);
  const paths: Record<string, object> = {
    [collection]: {
      get: operation(id('list'), 'list', `${one}List`, query('labelSelector', 'fieldSelector', 'continue')),
      post: operation(id('create'), 'post', one, query('fieldManager', 'dryRun')),
      delete: operation(id('delete', `Collection${scope}${kind.kind}`), 'deletecollection', `${META}.Status`, query('labelSelector')),
    },
    [`${collection}/{name}`]: {
      get: operation(id('read'), 'get', one),
      put: operation(id('replace'), 'put', one, query('fieldManager')),
      patch: operation(id('patch'), 'patch', one, query('fieldManager', 'force')),
      delete: operation(id('delete'), 'delete', `${META}.Status`),
    },
  };
  if (kind.namespaced) {
    const all = operation(id('list', `${kind.kind}ForAllNamespaces`), 'list', `${one}List`, query('labelSelector', 'continue'));
    paths[`${base}/${kind.plural}`] = { get: all };
  }
  return paths;
}
