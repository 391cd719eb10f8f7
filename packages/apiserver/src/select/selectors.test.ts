import { expect, test } from 'vitest';
import { parseFieldTerms } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';

const labels = { env: 'dev', tier: 'web', n: '5' };

test.each([
  ['env=dev', true],
  ['env==dev,tier!=db', true],
  ['env in (prod, dev)', true],
  ['env notin (dev)', false],
  ['missing notin (x)', true],
  ['!missing,env', true],
  ['n>4,n<6', true],
  ['n>5', false],
  ['env in ()', false],
])('the label selector %s gives %s', (text, expected) => {
  expect(parseLabelSelector(text)?.(labels)).toBe(expected);
});

test('a backslash escapes what would end a field value', () => {
  expect(parseFieldTerms(String.raw`a=x\,y,b!=\\`)).toEqual([
    { path: 'a', value: 'x,y', negated: false },
    { path: 'b', value: '\\', negated: true },
  ]);
});
