import { expect, test } from 'vitest';
import { findSubnet, formatSubnet, overlap, parseSubnet } from './subnet.ts';

const read = (text: string) => parseSubnet(text) ?? { base: 0, prefix: 0 };

test('ranges are read and written, and what is none is not read', () => {
  expect(formatSubnet(read('10.1.2.77/24'))).toBe('10.1.2.0/24');
  expect(formatSubnet(read('192.0.2.7'))).toBe('192.0.2.7/32');
  for (const text of ['default', 'fd00::/64', '10.0.0.300', '10.0.0.0/40']) expect(parseSubnet(text)).toBeUndefined();
});

test('a new network avoids every range that is taken', () => {
  const taken = [read('10.0.0.0/8'), read('172.16.0.0/13')];
  const found = findSubnet(taken, 12_345);
  expect(taken.some((other) => overlap(found, other))).toBe(false);
  expect(formatSubnet(found)).toMatch(/^172\.(2[4-9]|3[01])\.\d+\.0\/24$/);
});

test('two installations begin at different places', () => {
  expect(formatSubnet(findSubnet([], 1_000))).not.toBe(formatSubnet(findSubnet([], 2_000)));
});

test('when everything is taken the answer says so', () => {
  expect(() => findSubnet([read('0.0.0.0/0')], 0)).toThrow(/No private address range is free/);
});
