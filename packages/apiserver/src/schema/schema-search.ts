import type { SchemaNode } from './schema-node.ts';

/** The schemas of a value's parts. */
function childSchemas(node: SchemaNode): SchemaNode[] {
  const { additional, items } = node;
  return [...node.properties.values(), ...(items === undefined ? [] : [items]), ...(typeof additional === 'object' ? [additional] : [])];
}

/** Makes a memory of which schemas hold, at their root or anywhere below, a node that `wanted` names: the rest is not walked. */
export function holds(wanted: (node: SchemaNode) => boolean): (node: SchemaNode) => boolean {
  const known = new Map<SchemaNode, boolean>();
  const search = (node: SchemaNode): boolean => {
    const answer = known.get(node);
    if (answer !== undefined) return answer;
    known.set(node, wanted(node));
    const found = childSchemas(node).map(search).includes(true) || wanted(node);
    known.set(node, found);
    return found;
  };
  return search;
}
