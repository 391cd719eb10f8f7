import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityOf, subtractQuantities, wholeUnits } from './quantity.ts';

const read = (text: string) => {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new Error(`${text} is no quantity`);
  return quantity;
};

test.each([
  ['1024Mi', '1Gi'],
  ['0.5Gi', '512Mi'],
  ['1500m', '1500m'],
  ['1000m', '1'],
  ['0.1', '100m'],
  ['1e3', '1e3'],
  ['12e6', '12e6'],
  ['1E', '1E'],
  ['1000000', '1M'],
  ['1.5Ki', '1536'],
  ['100Ki', '100Ki'],
  ['+5', '5'],
  ['-1Gi', '-1Gi'],
  ['0', '0'],
  ['00012', '12'],
  ['.5', '500m'],
  ['5.', '5'],
  ['1.1n', '2n'],
])('%s is written as %s', (text, canonical) => {
  expect(formatQuantity(read(text))).toBe(canonical);
});

test.each(['', '.', '1 Gi', '1GiB', 'Gi', '1e', '--1', '0x10', '1KI', 'lots', '1K'])('%j is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});

test('amounts are compared across suffixes', () => {
  expect(compareQuantities(read('1Gi'), read('1G'))).toBe(1);
  expect(compareQuantities(read('1000m'), read('1'))).toBe(0);
  expect(compareQuantities(read('999m'), read('1'))).toBe(-1);
});

test('sums keep the format of the first and are exact where floating point is not', () => {
  expect(formatQuantity(addQuantities(read('0.1'), read('0.2')))).toBe('300m');
  expect(formatQuantity(subtractQuantities(read('1Gi'), read('512Mi')))).toBe('512Mi');
});

test('counting rounds up', () => {
  expect(wholeUnits(read('1500m'))).toBe(2n);
});

test('numbers of JSON are quantities', () => {
  expect(quantityOf(2_147_483_648)).toEqual(parseQuantity('2147483648'));
  expect(quantityOf(0.5)?.units).toBe(500_000_000n);
  expect(quantityOf(true)).toBeUndefined();
});

test('the canonical text means the same amount', () => {
  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e2', 'E-3');
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), suffix, (amount, unit) => {
      const quantity = read(`${amount}${unit}`);
      expect(compareQuantities(read(formatQuantity(quantity)), quantity)).toBe(0);
    }),
  );
});
