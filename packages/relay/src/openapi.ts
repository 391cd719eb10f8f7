import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from './json.ts';

/** A schema of the API's description, as it was read. */
export type Schema = JsonObject;

/** What the API does with one path and method. */
export interface Operation {
  readonly id: string;
  readonly action: 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';
  /** With `{namespace}` and `{name}` still to be filled in. */
  readonly path: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly description: string;
  /** Query parameters that the API takes, by their own names. */
  readonly query: readonly { readonly name: string; readonly type: 'string' | 'integer' | 'boolean' }[];
  /** Name of the schema of the answer. */
  readonly result: string | undefined;
}

/** The part of an API's description that the graph is made of. */
export interface Description {
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly operations: readonly Operation[];
}

const ACTIONS = ['get', 'list', 'post', 'put', 'patch', 'delete', 'deletecollection'] as const;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Reads OpenAPI v3 documents of Kubernetes group-versions into one description; sub-resources and watches are left out. */
export function describe(documents: readonly unknown[]): Description {
  const schemas = new Map<string, Schema>();
  const operations: Operation[] = [];
  for (const document of documents.map(objectOf)) {
    const components = objectOf(document['components']);
    for (const [name, schema] of Object.entries(objectOf(components['schemas']))) {
      if (isObject(schema) && !schemas.has(name)) schemas.set(name, schema);
    }
    for (const [path, item] of Object.entries(objectOf(document['paths']))) operations.push(...operationsOf(path, objectOf(item)));
  }
  // The order of paths decides which of two lists of a kind is called after its type, so it must not depend on the server.
  return { schemas, operations: operations.toSorted((a, b) => compare(a.path, b.path) || order(a) - order(b)) };
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
const order = (operation: Operation) => ACTIONS.indexOf(operation.action);

function operationsOf(path: string, item: JsonObject): Operation[] {
  // `{name}/status` and `watch/…`: the first is written by controllers alone, the second is what subscriptions are for.
  const place = /^\/apis\/([^/]+)\/([^/]+)\/(?:namespaces\/\{namespace\}\/)?([^/{}]+)(?:\/\{name\})?$/.exec(path);
  if (!place || path.includes('/watch/')) return [];
  const [, group = '', version = '', plural = ''] = place;
  return METHODS.flatMap((method) => {
    const raw = item[method];
    if (!isObject(raw)) return [];
    const action = ACTIONS.find((known) => known === raw['x-kubernetes-action']) ?? actionOf(method, path);
    const kind = stringOf(objectOf(raw['x-kubernetes-group-version-kind'])['kind']);
    if (!kind) return [];
    const parameters = [...arrayOf(item['parameters']), ...arrayOf(raw['parameters'])];
    const id = stringOf(raw['operationId']) ?? operationId(action, { group, version, kind, path });
    const description = stringOf(raw['description']) ?? '';
    return [{ id, action, path, kind, group, version, plural, description, query: queryOf(parameters), result: resultOf(raw) }];
  });
}

function actionOf(method: (typeof METHODS)[number], path: string): Operation['action'] {
  const one = path.endsWith('/{name}');
  if (method === 'get') return one ? 'get' : 'list';
  if (method === 'delete') return one ? 'delete' : 'deletecollection';
  return method;
}

/** The id that Kubernetes gives an operation, for servers that leave it out. */
function operationId(
  action: Operation['action'],
  { group, version, kind, path }: { group: string; version: string; kind: string; path: string },
): string {
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const verbs = { get: 'read', list: 'list', post: 'create', put: 'replace', patch: 'patch', delete: 'delete', deletecollection: 'delete' };
  const place = group.split('.').map(capital).join('') + capital(version);
  const collection = action === 'deletecollection' ? 'Collection' : '';
  const scope = path.includes('{namespace}') ? 'Namespaced' : '';
  return `${verbs[action]}${place}${collection}${scope}${kind}`;
}

function queryOf(parameters: readonly unknown[]): Operation['query'] {
  const query = new Map<string, Operation['query'][number]>();
  for (const parameter of parameters.map(objectOf)) {
    const name = stringOf(parameter['name']);
    if (!name || parameter['in'] !== 'query' || name === 'watch') continue;
    const type = objectOf(parameter['schema'])['type'];
    query.set(name, { name, type: type === 'integer' || type === 'boolean' ? type : 'string' });
  }
  return [...query.values()];
}

function resultOf(operation: JsonObject): string | undefined {
  const responses = objectOf(operation['responses']);
  const content = objectOf(objectOf(responses['200'] ?? responses['201'])['content']);
  const json = objectOf(content['application/json'] ?? Object.values(content)[0]);
  return refName(objectOf(json['schema']));
}

/** The schema that a `$ref` names, also where it is wrapped in `allOf` to carry a description. */
export function refName(schema: Schema): string | undefined {
  const ref = stringOf(schema['$ref']) ?? stringOf(objectOf(arrayOf(schema['allOf'])[0])['$ref']);
  return ref?.slice(ref.lastIndexOf('/') + 1);
}
