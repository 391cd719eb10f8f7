import type { KubeObject, Resource } from '@crownlabs/client';
import type { Clock } from '@crownlabs/std';
import { GraphQLBoolean, GraphQLEnumType, type GraphQLFieldConfig, GraphQLNonNull, GraphQLObjectType, GraphQLString } from 'graphql';
import { apiError } from './call.ts';
import type { GraphContext } from './context.ts';
import { stringOf } from './json.ts';
import { fieldName, type NameRegister, typeName } from './names.ts';
import type { OutputTypes } from './object-types.ts';
import type { Description } from './openapi.ts';
import { type Feeds, resourceOf } from './root-queries.ts';
import { labelSelector } from './selector.ts';
import { type Subscriber, type Update, UpdateStream } from './updates.ts';
import { maySee, mayWatchAll } from './visibility.ts';

/** A field of Subscription; the signal in the context ends it. */
export interface SubscriptionContext extends GraphContext {
  readonly signal: AbortSignal;
}

type Field = GraphQLFieldConfig<unknown, SubscriptionContext, Record<string, unknown>>;

const UPDATE_TYPE = new GraphQLEnumType({
  name: 'UpdateType',
  values: {
    ADDED: {},
    MODIFIED: {},
    DELETED: {},
    BOOKMARK: { description: 'With `initial` only: all that was there at the start has been sent. It has no payload.' },
  },
});

/** What the subscription fields are made from. */
export interface SubscriptionParts {
  readonly outputs: OutputTypes;
  readonly names: NameRegister;
  readonly feeds: Feeds;
  readonly clock: Clock;
}

/** Following: for each kind one field for a place (`…Update`) and, where it has namespaces, one for labels (`…LabelsUpdate`). */
export function subscriptionFields(description: Description, parts: SubscriptionParts): Map<string, Field> {
  const fields = new Map<string, Field>();
  const gets = description.operations.filter((operation) => operation.action === 'get');
  for (const operation of gets) {
    if (!operation.result) continue;
    const resource = resourceOf(operation, operation.path.includes('{namespace}'));
    const name = fieldName(operation.result);
    const type = new GraphQLObjectType<Update, SubscriptionContext>({
      name: parts.names.take(`${typeName(operation.result)}Update`),
      fields: { updateType: { type: UPDATE_TYPE }, payload: { type: parts.outputs.named(operation.result) } },
    });
    fields.set(`${name}Update`, placeField(resource, type, parts));
    if (resource.namespaced) fields.set(`${name}LabelsUpdate`, labelsField(resource, type, parts));
  }
  return fields;
}

const INITIAL = {
  type: GraphQLBoolean,
  defaultValue: false,
  description: 'Begin with what is there, then a BOOKMARK; otherwise only changes are sent.',
};

function placeField(resource: Resource, type: GraphQLObjectType, parts: SubscriptionParts): Field {
  const namespace = resource.namespaced ? { namespace: { type: new GraphQLNonNull(GraphQLString) } } : {};
  return {
    type,
    args: { ...namespace, name: { type: GraphQLString }, initial: INITIAL },
    resolve: freshUpdate,
    subscribe: async (_source, args, context) => {
      const place = { namespace: stringOf(args['namespace']), name: stringOf(args['name']) };
      const allowed: Subscriber['allowed'] = (attributes) => context.allowed(attributes);
      await demandAnything(resource, place, { parts, allowed });
      const subscriber = { resource, ...place, matches: () => true, initial: args['initial'] === true, allowed };
      return new UpdateStream(parts.feeds(resource), subscriber, parts.clock).run(context.signal);
    },
  };
}

function labelsField(resource: Resource, type: GraphQLObjectType, parts: SubscriptionParts): Field {
  return {
    type,
    args: { labelSelector: { type: GraphQLString }, initial: INITIAL },
    resolve: freshUpdate,
    subscribe: (_source, args, context) => {
      const selects = labelSelector(stringOf(args['labelSelector']));
      const subscriber: Subscriber = {
        resource,
        matches: (object) => selects(object.metadata.labels ?? {}),
        initial: args['initial'] === true,
        allowed: (attributes) => context.allowed(attributes),
      };
      return new UpdateStream(parts.feeds(resource), subscriber, parts.clock).run(context.signal);
    },
  };
}

/** Each message follows its references anew: what was read for an earlier one may have changed since. */
function freshUpdate(update: unknown, _args: unknown, context: SubscriptionContext): unknown {
  context.followed.clear();
  return update;
}

/** Says Forbidden at once where nothing could ever arrive, instead of a stream that stays silent. */
async function demandAnything(
  resource: Resource,
  place: { namespace: string | undefined; name: string | undefined },
  { parts, allowed }: { parts: SubscriptionParts; allowed: Subscriber['allowed'] },
): Promise<void> {
  if (await mayWatchAll(resource, place.namespace, allowed)) return;
  if (place.name !== undefined) {
    const metadata = { name: place.name, ...(place.namespace ? { namespace: place.namespace } : {}) };
    if (await maySee(resource, { apiVersion: '', kind: resource.kind, metadata }, allowed)) return;
  } else {
    const feed = parts.feeds(resource);
    await feed.synced();
    const inPlace = feed.list().filter((object: KubeObject) => object.metadata.namespace === place.namespace);
    for (const object of inPlace) if (await maySee(resource, object, allowed)) return;
  }
  const where = place.namespace ? ` in namespace "${place.namespace}"` : '';
  throw apiError(
    403,
    'Forbidden',
    `you may not follow ${resource.plural}.${resource.group}${place.name ? ` "${place.name}"` : ''}${where}`,
  );
}
