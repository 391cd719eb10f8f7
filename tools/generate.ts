/** Writes every generated file; with `--check` writes nothing and fails where a file differs from what its source says. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CRD_FOLDER, crdFiles } from './generate-crds.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS: readonly { readonly folder: string; readonly files: () => ReadonlyMap<string, string> }[] = [
  { folder: CRD_FOLDER, files: crdFiles },
];

const check = process.argv.includes('--check');
const differing: string[] = [];

for (const { folder, files } of FOLDERS) {
  const wanted = files();
  mkdirSync(folder, { recursive: true });
  const surplus = readdirSync(folder).filter((name) => !wanted.has(name));
  const changed = [...wanted].filter(
    ([name, text]) => !existsSync(join(folder, name)) || readFileSync(join(folder, name), 'utf8') !== text,
  );
  differing.push(...[...surplus, ...changed.map(([name]) => name)].map((name) => relative(ROOT, join(folder, name))));
  if (check) continue;
  for (const name of surplus) rmSync(join(folder, name));
  for (const [name, text] of changed) writeFileSync(join(folder, name), text);
}

if (differing.length > 0) console.log(`${check ? 'Not what their source says' : 'Written'}: ${differing.join(', ')}`);
if (check && differing.length > 0) console.log('Run `node tools/generate.ts`.');
process.exitCode = check && differing.length > 0 ? 1 : 0;
