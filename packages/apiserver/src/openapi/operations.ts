import type { JsonObject } from '../json.ts';
import type { ResourceInfo, Schema, Subresource } from '../resource.ts';
import { definitionName, listDefinitionName, metaReference, reference } from './definitions.ts';
import { DELETE, DELETE_COLLECTION, LIST, PATCH, type ParameterName, PRETTY, pathParameter, queryParameter, WRITE } from './parameters.ts';

const READS = ['application/json', 'application/yaml'];
const PATCHES = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
const STRATEGIC = 'application/strategic-merge-patch+json';

/** One method on one path. */
interface Action {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As `x-kubernetes-action` says it. */
  readonly action: string;
  /** First part of the operation's id. */
  readonly id: string;
  readonly parameters: readonly ParameterName[];
  readonly body?: Schema;
  readonly result: Schema;
}

/** The paths of a resource and its subresources, as OpenAPI path items. */
export function pathsOf(info: ResourceInfo): JsonObject {
  const base = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`;
  const collection = info.namespaced ? `${base}/namespaces/{namespace}/${info.plural}` : `${base}/${info.plural}`;
  const paths: JsonObject = {};
  const inCollection = collectionActions(info);
  if (inCollection.length > 0) paths[collection] = pathItem(info, inCollection, { one: false, subresource: '' });
  const onOne = objectActions(info);
  if (onOne.length > 0) paths[`${collection}/{name}`] = pathItem(info, onOne, { one: true, subresource: '' });
  if (info.namespaced && info.verbs.includes('list')) paths[`${base}/${info.plural}`] = everywhere(info);
  for (const [name, subresource] of Object.entries(info.subresources)) {
    const actions = subresourceActions(info, subresource);
    if (actions.length > 0)
      paths[`${collection}/{name}/${name}`] = pathItem(info, actions, { one: true, subresource: name, kind: subresource.kind });
  }
  return paths;
}

function collectionActions(info: ResourceInfo): Action[] {
  const object = reference(definitionName(info));
  const actions: (Action & { verb: string })[] = [
    { verb: 'list', method: 'get', action: 'list', id: 'list', parameters: LIST, result: reference(listDefinitionName(info)) },
    { verb: 'create', method: 'post', action: 'post', id: 'create', parameters: WRITE, body: object, result: object },
    {
      verb: 'deletecollection',
      method: 'delete',
      action: 'deletecollection',
      id: 'deleteCollection',
      parameters: DELETE_COLLECTION,
      body: metaReference('DeleteOptions'),
      result: metaReference('Status'),
    },
  ];
  return actions.filter(({ verb }) => info.verbs.includes(verb));
}

function objectActions(info: ResourceInfo): Action[] {
  return actionsOn(reference(definitionName(info)), info.verbs);
}

function subresourceActions(info: ResourceInfo, { kind, verbs }: Subresource): Action[] {
  const body = kind ? kindReference(kind) : reference(definitionName(info));
  const actions = actionsOn(body, verbs);
  if (verbs.includes('create')) actions.push({ method: 'post', action: 'post', id: 'create', parameters: WRITE, body, result: body });
  return actions;
}

const BODY_GROUPS: Readonly<Record<string, string>> = {
  autoscaling: 'io.k8s.api.autoscaling',
  policy: 'io.k8s.api.policy',
  'authentication.k8s.io': 'io.k8s.api.authentication',
};

function kindReference({ group, version, kind }: { group: string; version: string; kind: string }): Schema {
  const home = BODY_GROUPS[group];
  return home ? reference(`${home}.${version}.${kind}`) : { type: 'string' };
}

function actionsOn(object: Schema, verbs: readonly string[]): Action[] {
  const actions: (Action & { verb: string })[] = [
    { verb: 'get', method: 'get', action: 'get', id: 'read', parameters: [], result: object },
    { verb: 'update', method: 'put', action: 'put', id: 'replace', parameters: WRITE, body: object, result: object },
    { verb: 'patch', method: 'patch', action: 'patch', id: 'patch', parameters: PATCH, body: metaReference('Patch'), result: object },
    {
      verb: 'delete',
      method: 'delete',
      action: 'delete',
      id: 'delete',
      parameters: DELETE,
      body: metaReference('DeleteOptions'),
      result: metaReference('Status'),
    },
  ];
  return actions.filter(({ verb }) => verbs.includes(verb));
}

interface Place {
  readonly one: boolean;
  readonly subresource: string;
  readonly kind?: Subresource['kind'];
}

function pathItem(info: ResourceInfo, actions: readonly Action[], place: Place): JsonObject {
  const scope = info.namespaced ? 'Namespaced' : '';
  const suffix = place.subresource === '' ? '' : capital(place.subresource);
  const item: JsonObject = {};
  for (const action of actions) item[action.method] = operation(info, action, place, `${groupPart(info)}${scope}${info.kind}${suffix}`);
  item['parameters'] = pathParameters(info, place.one);
  return item;
}

function everywhere(info: ResourceInfo): JsonObject {
  const list: Action = { method: 'get', action: 'list', id: 'list', parameters: [], result: reference(listDefinitionName(info)) };
  const id = `${groupPart(info)}${info.kind}ForAllNamespaces`;
  return { get: operation(info, list, { one: false, subresource: '' }, id), parameters: [...LIST.map(queryParameter), PRETTY] };
}

function operation(info: ResourceInfo, action: Action, place: Place, name: string): JsonObject {
  const { group, version, kind } = place.kind ?? info;
  const what = place.subresource === '' ? info.kind : `${place.subresource} of the specified ${info.kind}`;
  return {
    tags: [groupPart(info).replace(/^./, (first) => first.toLowerCase())],
    description: `${action.id} ${what}`,
    operationId: `${action.id}${name}`,
    parameters: action.parameters.map(queryParameter),
    ...(action.body ? { requestBody: requestBody(info, action) } : {}),
    responses: responses(action),
    'x-kubernetes-action': action.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

function requestBody(info: ResourceInfo, { action, body = {} }: Action): JsonObject {
  if (action === 'patch') {
    const types = info.custom ? PATCHES : [...PATCHES, STRATEGIC];
    return { content: Object.fromEntries(types.map((type) => [type, { schema: body }])), required: true };
  }
  const content = { '*/*': { schema: body } };
  return action.startsWith('delete') ? { content } : { content, required: true };
}

function responses({ action, result }: Action): JsonObject {
  const content = Object.fromEntries(READS.map((type) => [type, { schema: result }]));
  const codes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    post: [
      ['200', 'OK'],
      ['201', 'Created'],
      ['202', 'Accepted'],
    ],
    put: [
      ['200', 'OK'],
      ['201', 'Created'],
    ],
    patch: [
      ['200', 'OK'],
      ['201', 'Created'],
    ],
    delete: [
      ['200', 'OK'],
      ['202', 'Accepted'],
    ],
  };
  const answers = (codes[action] ?? [['200', 'OK']]).map(([code, description]) => [code, { description, content }]);
  return { ...Object.fromEntries(answers), '401': { description: 'Unauthorized' } };
}

function pathParameters(info: ResourceInfo, one: boolean): JsonObject[] {
  return [
    ...(one ? [pathParameter('name', `name of the ${info.kind}`)] : []),
    ...(info.namespaced ? [pathParameter('namespace', 'object name and auth scope, such as for teams and projects')] : []),
    PRETTY,
  ];
}

/** `CoreV1`, `AppsV1`, `RbacAuthorizationV1`, `CrownlabsPolitoItV1alpha2`: part of each operation's id, which clients name calls after. */
function groupPart({ group, version, custom }: ResourceInfo): string {
  const short = group === '' ? 'core' : custom ? group : group.replace(/\.k8s\.io$/, '');
  return `${short.split(/[.-]/).map(capital).join('')}${capital(version)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
