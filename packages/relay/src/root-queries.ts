import type { Informer, KubeObject, Resource } from '@crownlabs/client';
import {
  type GraphQLArgumentConfig,
  GraphQLBoolean,
  GraphQLError,
  type GraphQLFieldConfig,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql';
import type { GraphContext } from './context.ts';
import { stringOf } from './json.ts';
import { fieldName } from './names.ts';
import type { OutputTypes } from './object-types.ts';
import type { Description, Operation } from './openapi.ts';
import { labelSelector } from './selector.ts';
import { visible } from './visibility.ts';

/** A field of Query or Mutation. */
export type RootField = GraphQLFieldConfig<unknown, GraphContext, Record<string, unknown>>;

/** The relay's own copy of a kind. */
export type Feeds = (resource: Resource) => Informer<KubeObject>;

/** Where an operation's objects are served. */
export function resourceOf(operation: Pick<Operation, 'group' | 'version' | 'plural' | 'kind'>, namespaced: boolean): Resource {
  const { group, version, plural, kind } = operation;
  return { group, version, plural, kind, namespaced };
}

/**
 * Reading: one field an operation, called after the type it answers with; where a type is answered twice (a list of one
 * namespace and of all), the second in the order of paths is called after its operation.
 */
export function queryFields(description: Description, outputs: OutputTypes, feeds: Feeds): Map<string, RootField> {
  const fields = new Map<string, RootField>();
  const namespaced = new Set(
    description.operations.filter((op) => op.path.includes('{namespace}')).map((op) => `${op.group}/${op.plural}`),
  );
  for (const operation of description.operations) {
    if ((operation.action !== 'get' && operation.action !== 'list') || !operation.result) continue;
    const byType = fieldName(operation.result);
    const everywhere =
      operation.action === 'list' && namespaced.has(`${operation.group}/${operation.plural}`) && !operation.path.includes('{namespace}');
    const resolve = everywhere ? listEverywhere(operation, feeds) : read(operation);
    fields.set(fields.has(byType) ? fieldName(operation.id) : byType, {
      type: outputs.named(operation.result),
      description: operation.description,
      args: argumentsOf(operation),
      resolve: (_source, args, context) => resolve(args, context),
    });
  }
  return fields;
}

/** Path and query parameters as arguments. */
export function argumentsOf(operation: Operation): Record<string, GraphQLArgumentConfig> {
  const args: Record<string, GraphQLArgumentConfig> = {};
  for (const [, name = ''] of operation.path.matchAll(/\{(\w+)\}/g)) args[name] = { type: new GraphQLNonNull(GraphQLString) };
  const types = { string: GraphQLString, integer: GraphQLInt, boolean: GraphQLBoolean };
  for (const parameter of operation.query) args[fieldName(parameter.name)] ??= { type: types[parameter.type] };
  return args;
}

/** The path with its parameters filled in. */
export function pathOf(operation: Operation, args: Readonly<Record<string, unknown>>): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = stringOf(args[name]) ?? '';
    // An empty name would turn the request for one object into one for all of them.
    if (value === '' || value === '.' || value === '..')
      throw new GraphQLError(`${name} must not be empty`, { extensions: { code: 400, reason: 'BadRequest' } });
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const { name } of operation.query) {
    const value = args[fieldName(name)];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') query.set(name, String(value));
  }
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

type Read = (args: Record<string, unknown>, context: GraphContext) => Promise<unknown>;

function read(operation: Operation): Read {
  return (args, context) => context.call({ method: 'GET', path: pathOf(operation, args) });
}

/** A list over all namespaces: by the caller's own right, and where he has none, what he may see one by one. */
function listEverywhere(operation: Operation, feeds: Feeds): Read {
  const asCaller = read(operation);
  const resource = resourceOf(operation, true);
  return async (args, context) => {
    const matches = labelSelector(stringOf(args['labelSelector']));
    const cluster = { verb: 'list', group: resource.group, resource: resource.plural };
    if (await context.allowed(cluster)) return asCaller(args, context);
    const feed = feeds(resource);
    await feed.synced();
    const candidates = feed.list().filter((object) => matches(object.metadata.labels ?? {}));
    const items = await visible(resource, candidates, (attributes) => context.allowed(attributes));
    return { apiVersion: `${operation.group}/${operation.version}`, kind: `${operation.kind}List`, metadata: {}, items };
  };
}
