import { expect, test } from 'vitest';
import { prettyNameFor } from '../words.ts';
import { goDuration } from './duration.ts';

test.each([
  [0, '0s'],
  [45_400, '45s'],
  [63_000, '1m3s'],
  [7_200_000, '2h0m0s'],
])('%d ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

test('a name is two words, the same for the same instance, and mostly another one for another', () => {
  expect(prettyNameFor('u1')).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  expect(prettyNameFor('u1')).toBe(prettyNameFor('u1'));
  expect(new Set(Array.from({ length: 100 }, (_, i) => prettyNameFor(`uid-${i}`))).size).toBeGreaterThan(80);
});
