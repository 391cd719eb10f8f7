import type { Clock } from '@crownlabs/std';
import { GraphQLError, type GraphQLFieldConfig, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { GraphContext } from './context.ts';
import { InputTypes } from './input-types.ts';
import { NameRegister } from './names.ts';
import { nodeLabelsField } from './node-labels.ts';
import { EnumTypes, type Follow, OutputTypes } from './object-types.ts';
import type { Description } from './openapi.ts';
import { mutationFields } from './root-mutations.ts';
import { type Feeds, pathOf, queryFields } from './root-queries.ts';
import { subscriptionFields } from './root-subscriptions.ts';

/** What a schema reads with. */
export interface SchemaParts {
  readonly feeds: Feeds;
  readonly readNodes: () => Promise<unknown>;
  readonly clock: Clock;
}

/** The graph of an API's description: every kind that it serves, readable, writable and followable under the names of front ends. */
export function graphSchema(description: Description, parts: SchemaParts): GraphQLSchema {
  const names = new NameRegister();
  const enums = new EnumTypes(names);
  const outputs = new OutputTypes(description.schemas, { names, enums }, follow(description));
  const inputs = new InputTypes(description.schemas, { names, enums });
  const queries = queryFields(description, outputs, parts.feeds);
  queries.set('getLabels', nodeLabelsField(parts.readNodes));
  return new GraphQLSchema({
    query: root('Query', queries),
    mutation: root('Mutation', mutationFields(description, inputs, outputs)),
    subscription: root('Subscription', subscriptionFields(description, { outputs, names, feeds: parts.feeds, clock: parts.clock })),
  });
}

function root<Context>(
  name: string,
  fields: Map<string, GraphQLFieldConfig<unknown, Context, Record<string, unknown>>>,
): GraphQLObjectType | null {
  return fields.size > 0 ? new GraphQLObjectType({ name, fields: Object.fromEntries(fields) }) : null;
}

/** Reads what a reference names, as the caller, once a request. What he may not see is simply absent: the object around it is still of use. */
function follow({ operations }: Description): Follow {
  const reads = new Map(operations.filter((op) => op.action === 'get').map((op) => [op.result, op]));
  return async (target, ref, context) => {
    const operation = reads.get(target);
    if (!operation || (operation.path.includes('{namespace}') && !ref.namespace)) return undefined;
    const path = pathOf(operation, ref);
    const known = context.followed.get(path) ?? readOnce(path, context);
    context.followed.set(path, known);
    return known;
  };
}

async function readOnce(path: string, context: GraphContext): Promise<unknown> {
  try {
    return await context.call({ method: 'GET', path });
  } catch (error) {
    const reason = error instanceof GraphQLError ? error.extensions['reason'] : undefined;
    if (reason === 'NotFound' || reason === 'Forbidden') return undefined;
    throw error;
  }
}
