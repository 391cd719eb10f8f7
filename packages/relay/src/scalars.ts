import { GraphQLError, GraphQLScalarType } from 'graphql';

/** Any JSON value. Maps with Kubernetes keys are handed out with camel-cased keys by their field, not by this scalar. */
export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value.',
  coerceOutputValue: (value) => value,
  coerceInputValue: (value) => value,
});

/**
 * A whole number beyond 32 bits, or a quantity of CPUs written as text: objects written by hand say `"8"` or `"500m"`,
 * and a reader that refuses them would hide the object.
 */
export const BigIntScalar = new GraphQLScalarType<number | string, unknown>({
  name: 'BigInt',
  description: 'A 64-bit whole number.',
  coerceOutputValue: (value) => whole(value),
  coerceInputValue: (value) => whole(value),
});

function whole(value: unknown): number | string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'string' && /^[0-9]+(?:\.[0-9]+)?m?$/.test(value)) return value;
  throw new GraphQLError(`BigInt takes a whole number, not ${JSON.stringify(value)}`);
}
