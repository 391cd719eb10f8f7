import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { sameJson } from './same-json.ts';

/** The text of a value with its members in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

test('values are the same when their texts are, and a copy always is', () => {
  assert(
    property(jsonValue(), jsonValue(), (a, b) => {
      expect(sameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      expect(sameJson(a, b)).toBe(canonical(a) === canonical(b));
    }),
  );
});

test('order says nothing, absent and undefined are one, and null is something', () => {
  expect(sameJson({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1, d: undefined })).toBe(true);
  expect(sameJson({ a: undefined }, {})).toBe(true);
  expect(sameJson({ a: null }, {})).toBe(false);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson([], {})).toBe(false);
  expect(sameJson({}, null)).toBe(false);
  expect(sameJson({ toString: 1 }, { valueOf: 1 })).toBe(false);
});
