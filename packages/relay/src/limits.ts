import { type FragmentDefinitionNode, GraphQLError, Kind, type SelectionSetNode, type ValidationRule } from 'graphql';

/** How large a document may be. */
export interface DocumentLimits {
  readonly depth: number;
  /** Fields after all fragments are spread, so that small text cannot ask for much. */
  readonly fields: number;
}

/** Far above what a front end's page needs, far below what would keep the API busy. */
export const LIMITS: DocumentLimits = { depth: 20, fields: 1_500 };

interface Size {
  readonly depth: number;
  readonly fields: number;
}

/** A validation rule that refuses documents beyond `limits`. Cycles of fragments are left to GraphQL's own rule. */
export function withinLimits(limits: DocumentLimits): ValidationRule {
  return (context) => ({
    OperationDefinition(node) {
      const fragments = new Map<string, Size | undefined>();
      const { depth, fields } = measure(node.selectionSet, { limits, fragments, find: (name) => context.getFragment(name) ?? undefined });
      if (depth > limits.depth) refuse(`the document is ${depth} levels deep; ${limits.depth} are allowed`);
      if (fields > limits.fields) refuse(`the document asks for ${fields} fields; ${limits.fields} are allowed`);
      function refuse(message: string) {
        context.reportError(new GraphQLError(message, { nodes: node, extensions: { code: 400, reason: 'TooComplex' } }));
      }
    },
  });
}

interface Measuring {
  readonly limits: DocumentLimits;
  readonly fragments: Map<string, Size | undefined>;
  readonly find: (name: string) => FragmentDefinitionNode | undefined;
}

function measure(set: SelectionSetNode, at: Measuring): Size {
  let depth = 0;
  let fields = 0;
  for (const selection of set.selections) {
    const size = selectionSize(selection, at);
    depth = Math.max(depth, size.depth);
    fields += size.fields;
  }
  return { depth, fields };
}

function selectionSize(selection: SelectionSetNode['selections'][number], at: Measuring): Size {
  switch (selection.kind) {
    case Kind.FIELD: {
      const inner = selection.selectionSet ? measure(selection.selectionSet, at) : { depth: 0, fields: 0 };
      return { depth: inner.depth + 1, fields: inner.fields + 1 };
    }
    case Kind.INLINE_FRAGMENT:
      return measure(selection.selectionSet, at);
    default:
      return fragmentSize(selection.name.value, at);
  }
}

function fragmentSize(name: string, at: Measuring): Size {
  const nothing = { depth: 0, fields: 0 };
  if (at.fragments.has(name)) return at.fragments.get(name) ?? nothing;
  const fragment = at.find(name);
  at.fragments.set(name, undefined);
  const size = fragment ? measure(fragment.selectionSet, at) : nothing;
  at.fragments.set(name, size);
  return size;
}
