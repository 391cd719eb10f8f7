import { systemClock } from '@crownlabs/std';
import { parse, validate } from 'graphql';
import { expect, describe as group, test } from 'vitest';
import { fakeDescription } from '../tests/fake-description.ts';
import { DOCUMENTS } from '../tests/front-end-documents.ts';
import { fieldName } from './names.ts';
import { describe } from './openapi.ts';
import { graphSchema } from './schema.ts';
import { labelSelector } from './selector.ts';

const nowhere = () => {
  throw new Error('nothing is read while a document is checked');
};
const schema = graphSchema(describe(Object.values(fakeDescription())), { feeds: nowhere, readNodes: nowhere, clock: systemClock });

group('the documents of existing front ends fit the schema', () => {
  test.each(Object.entries(DOCUMENTS))('%s', (_name, text) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });
});

test('keys with dots and slashes become one camel-cased word', () => {
  expect(fieldName('template.crownlabs.polito.it/TemplateRef')).toBe('templateCrownlabsPolitoItTemplateRef');
  expect(fieldName('crownlabs.polito.it/last-activity')).toBe('crownlabsPolitoItLastActivity');
  expect(fieldName('nvidia.com/gpu')).toBe('nvidiaComGpu');
});

test('a label selector has the meaning that Kubernetes gives it', () => {
  const labels = { a: '1', 'crownlabs.polito.it/workspace': 'net' };
  const matches = (text: string) => labelSelector(text)(labels);
  expect(
    [
      'a=1',
      'a==1',
      'a!=2',
      'a in (0, 1)',
      'a notin (2)',
      'a',
      '!b',
      'b notin (1)',
      'a=1,crownlabs.polito.it/workspace in (net,os)',
      '',
    ].map(matches),
  ).not.toContain(false);
  expect(['a=2', 'a!=1', 'a in (2)', 'b', '!a', 'a=1,b=1'].map(matches)).not.toContain(true);
  expect(() => labelSelector('a ~ b')).toThrow('cannot read the label selector');
});
