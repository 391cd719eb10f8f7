import { GraphQLList, GraphQLObjectType, GraphQLString } from 'graphql';
import { arrayOf, objectOf } from './json.ts';
import type { RootField } from './root-queries.ts';

const LABEL = new GraphQLObjectType({ name: 'NodeLabel', fields: { key: { type: GraphQLString }, value: { type: GraphQLString } } });

/**
 * The labels that the nodes have, for choosing where an Instance runs. They are read as the relay itself, because students may not
 * list nodes; only someone whom the API knows gets them, and names, addresses and capacities are left out.
 */
export function nodeLabelsField(readNodes: () => Promise<unknown>): RootField {
  return {
    type: new GraphQLList(LABEL),
    description: 'Labels of the nodes, each pair once.',
    resolve: async (_source, _args, context) => {
      // Throws Unauthorized for a token that the API does not accept; the answer itself does not matter.
      await context.allowed({ verb: 'list', group: '', resource: 'nodes' });
      const pairs = new Map<string, { key: string; value: string }>();
      for (const node of arrayOf(objectOf(await readNodes())['items'])) {
        const labels = objectOf(objectOf(objectOf(node)['metadata'])['labels']);
        for (const [key, value] of Object.entries(labels)) pairs.set(`${key}=${String(value)}`, { key, value: String(value) });
      }
      return [...pairs.values()];
    },
  };
}
