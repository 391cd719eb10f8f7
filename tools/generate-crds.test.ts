import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crdFiles } from './generate-crds.ts';

const FOLDER = join(import.meta.dirname, '../charts/crownlabs/crds');

test('the CRDs of the chart are what the schemas say: run `node tools/generate-crds.ts` if not', () => {
  const there = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
  expect(there).toEqual(crdFiles());
});
