import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestApi } from '../src/fakes/test-api.ts';

const PAGE = join(import.meta.dirname, '../../../docs/kubernetes-api.md');

test('the page about the API names what kubectl api-resources lists, by group and version', async () => {
  await using api = await startTestApi();
  const versions = ['/api/v1'];
  const groups: { versions: { groupVersion: string }[] }[] = (await api.send('GET', '/apis')).body.groups;
  for (const group of groups) for (const { groupVersion } of group.versions) versions.push(`/apis/${groupVersion}`);
  const served: string[] = [];
  for (const path of versions) {
    const resources: { name: string }[] = (await api.send('GET', path)).body.resources;
    const names = resources.map(({ name }) => name).filter((name) => !name.includes('/'));
    served.push(`| ${path.replace(/^\/apis?\//, '')} | ${names.toSorted().join(', ')} |`);
  }
  const page = await readFile(PAGE, 'utf8');
  const [, table = ''] = page.split('| group and version | kinds |\n|---|---|\n');
  expect(table.split('\n\n')[0]?.split('\n')).toEqual(served);
});
