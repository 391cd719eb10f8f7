import { assert, bigInt, boolean, property } from 'fast-check';
import { expect, test } from 'vitest';
import { amount, amountText, bytesText, compare, coresText, percentOf, sum } from './quantity.ts';

test.each([
  ['1000m', '1'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.5Gi', '1536Mi'],
  ['1024Mi', '1Gi'],
  ['20G', '20G'],
  ['20000M', '20G'],
  ['2e3', '2k'],
  ['1e-3', '1m'],
  ['1e-99999999', '1n'],
  ['1023', '1023'],
  ['0.1n', '1n'],
  ['-3', '-3'],
  ['0Gi', '0'],
])('%s is written %s', (text, canonical) => {
  expect(amountText(amount(text))).toBe(canonical);
});

test.each(['', 'x', '1x', '1 Gi', '--1', '.', '1KI'])('%j is no quantity', (text) => {
  expect(() => amount(text)).toThrow('is no quantity');
});

test('sums are exact where floating point is not, and mixed sizes compare', () => {
  expect(amountText(sum([amount('0.1'), amount('0.2')]))).toBe('300m');
  expect(compare(amount('1G'), amount('1Gi'))).toBeLessThan(0);
  expect(compare(amount('8000m'), amount(8))).toBe(0);
});

test('a share of a core is rounded up to a millicore', () => {
  expect(amountText(percentOf(amount(2), 25))).toBe('500m');
  expect(amountText(percentOf(amount('1m'), 10))).toBe('1m');
});

test('people read cores and bytes', () => {
  expect(coresText(amount('1500m'))).toBe('1.5');
  expect([amount('64Mi'), amount('8G'), amount('7500M'), amount('2Gi')].map(bytesText)).toEqual(['67 MB', '8 GB', '7.5 GB', '2.1 GB']);
});

test('what is written is read back as the same amount', () => {
  assert(
    property(bigInt({ min: -(10n ** 27n), max: 10n ** 27n }), boolean(), (nano, binary) => {
      expect(amount(amountText({ nano, binary })).nano).toBe(nano);
    }),
  );
});
