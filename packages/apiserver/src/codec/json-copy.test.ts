import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyOfJson } from './json-copy.ts';
import { parseJson } from './json-parse.ts';

const LIMIT = 1_000_000;

/** Values that rooms may hand over: with holes, dates, and odd numbers and names. */
const given = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.constantFrom(null, undefined, -0, Number.NaN, 2 ** 53 + 2, -55_079_368_728_538_410, 1e20, 1e21, new Date(0), '__proto__'),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('constructor', 'toString')), tie('value')),
  ),
})).value;

test('a value that crosses no socket reads as its text would', () => {
  fc.assert(
    fc.property(given, (value) => {
      const text = JSON.stringify(value);
      expect(copyOfJson(value, LIMIT)).toEqual(text === undefined ? null : parseJson(text).value);
    }),
  );
});

test('the copy is the receiver’s own, and keys that objects inherit are keys like any other', () => {
  const value = { metadata: { labels: { constructor: 'x' } } };
  const copy = copyOfJson(value, LIMIT);
  expect(copy).toEqual(value);
  expect(copy).not.toBe(value);
  expect(Object.getPrototypeOf((copy as typeof value).metadata.labels)).toBeNull();
});

test('what is too long for a body is refused', () => {
  expect(() => copyOfJson({ data: ['x'.repeat(60), 'x'.repeat(60)] }, 100)).toThrow('Request entity too large');
});
