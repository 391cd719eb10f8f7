import { assert, jsonValue, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './json-parse.ts';
import { printJson } from './json-print.ts';

test('it reads what JSON.parse reads, and gives it back', () => {
  assert(
    property(jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.parse(printJson(parseJson(text).value))).toEqual(JSON.parse(text));
    }),
  );
});

test('it refuses what JSON.parse refuses', () => {
  assert(
    property(string(), (text) => {
      const refused = (read: () => unknown) => {
        try {
          read();
          return false;
        } catch {
          return true;
        }
      };
      expect(refused(() => parseJson(text))).toBe(refused(() => JSON.parse(text)));
    }),
  );
});

test('keys that are given twice are told with their path; the last one wins', () => {
  const { value, duplicates } = parseJson('{"a":1,"b":[{"c":1,"c":2}],"a":3}');
  expect(value).toEqual({ a: 3, b: [{ c: 2 }] });
  expect(duplicates).toEqual(['b[0].c', 'a']);
});

test('keys that every object inherits are found twice like any other', () => {
  expect(parseJson('{"constructor":1,"__proto__":{},"constructor":2,"__proto__":3}').duplicates).toEqual(['constructor', '__proto__']);
});

test('integers beyond 2^53 keep every digit', () => {
  expect(printJson(parseJson('{"n":9223372036854775807}').value)).toBe('{"n":9223372036854775807}');
});

test('a document that is too deep is refused before it can hurt', () => {
  expect(() => parseJson('['.repeat(100_000))).toThrow(/max depth/);
});
