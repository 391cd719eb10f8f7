import { expect, test } from 'vitest';
import { operatorsConfig, parseOperators } from './settings.ts';

test('without a file everything has a default, and flags change what they name', () => {
  const settings = parseOperators('webhooks:\n  port: 1234\n  bind: 127.0.0.1\n', {
    webhooks: { port: 4321 },
    publicURL: 'https://lab.example.org/',
  });
  expect(settings.webhooks).toMatchObject({ port: 4321, bind: '127.0.0.1', register: 'auto' });
  const config = operatorsConfig(settings);
  expect(config).toMatchObject({ publicUrl: 'https://lab.example.org', namespaceKeepAliveMs: 7 * 86_400_000, drive: { size: '1Gi' } });
  expect(operatorsConfig(parseOperators('drive: false\nnamespaceKeepAlive: forever\n', {}))).toMatchObject({
    drive: undefined,
    namespaceKeepAliveMs: 'forever',
  });
});

test('what is wrong is named, with what may have been meant', () => {
  expect(() => parseOperators('publicUrl: https://x\n', {})).toThrow('publicUrl: there is no such key; did you mean publicURL?');
  expect(() => parseOperators('keepStopped: soon\n', {})).toThrow('keepStopped: a number and a unit is needed');
  expect(() => parseOperators('webhooks: {url: "http://x"}\n', {})).toThrow('over https alone');
});
