import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import { LIMITS, withinLimits } from './limits.ts';

/** The text could not be read or does not fit the schema: the caller's mistake, with the places where it is. */
export class RequestErrors extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join('; '));
    this.errors = errors;
  }
}

const RULES = [...specifiedRules, withinLimits(LIMITS)];
const MOST_TOKENS = 10_000;

/** A document that may be executed. Throws RequestErrors otherwise. */
export function readDocument(schema: GraphQLSchema, text: string): DocumentNode {
  const document = parsed(text);
  const errors = validate(schema, document, RULES, { maxErrors: 20 });
  if (errors.length > 0) throw new RequestErrors(errors.map(asBadRequest));
  return document;
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { maxLexicalTokens: MOST_TOKENS });
  } catch (error) {
    throw new RequestErrors([asBadRequest(error instanceof GraphQLError ? error : new GraphQLError('the document cannot be read'))]);
  }
}

function asBadRequest(error: GraphQLError): GraphQLError {
  error.extensions['code'] ??= 400;
  error.extensions['reason'] ??= 'BadRequest';
  return error;
}

/** Errors of resolvers, as clients may see them: what we did not mean to say is not said. */
export function presentable(error: GraphQLError): GraphQLError {
  const { cause } = error;
  if (!(cause instanceof Error) || cause.name === 'GraphQLError' || error.extensions['code'] !== undefined) return error;
  return new GraphQLError('internal error', { path: error.path ?? [], extensions: { code: 500, reason: 'InternalError' } });
}
