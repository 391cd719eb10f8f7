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
  const lines = (await readFile(PAGE, 'utf8')).split('\n').map((line) => line.replaceAll(/ +/g, ' '));
  const first = lines.indexOf('| group and version | kinds |') + 2;
  expect(lines.slice(first, lines.indexOf('', first))).toEqual(served);
});
