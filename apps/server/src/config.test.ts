import { expect, test } from 'vitest';
import { durationMs, parseConfig } from './config.ts';

test('an unknown key is an error with a suggestion, and every mistake is named at once', () => {
  const parsing = () => parseConfig('dataDir: /d\nprot: 80\nbind: 5\n', {});
  expect(parsing).toThrow('prot: there is no such key; did you mean port?');
  expect(parsing).toThrow('bind: ');
});

test('a configuration that is no mapping is refused, not taken for an empty one', () => {
  for (const text of ['some words', '- dataDir', '5'])
    expect(() => parseConfig(text, { dataDir: '/d' })).toThrow('not a list of keys and values');
  expect(parseConfig('# nothing yet', { dataDir: '/d' }).dataDir).toBe('/d');
});

test('plain HTTP never leaves the machine', () => {
  expect(() => parseConfig('dataDir: /d\nbind: 0.0.0.0', {})).toThrow('Set an https publicURL');
  expect(parseConfig('dataDir: /d\nbind: 0.0.0.0\npublicURL: https://lab.example.org', {}).bind).toBe('0.0.0.0');
});

test('flags override the file', () => {
  expect(parseConfig('dataDir: /a\nport: 1', { port: 2 })).toMatchObject({ dataDir: '/a', port: 2 });
});

test('durations are read with their unit', () => {
  expect(['90s', '1h', '250ms', '1.5m'].map(durationMs)).toEqual([90_000, 3_600_000, 250, 90_000]);
});
