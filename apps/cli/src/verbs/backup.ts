import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LabError } from '@crownlabs/std';
import { type Packed, writeArchive } from '../backup/archive.ts';
import { copyLogOf } from '../backup/copy-log.ts';
import { type DataLayout, layoutIn } from '../backup/data-layout.ts';
import type { Places } from '../places.ts';
import { paint, say, step } from '../terminal.ts';

/** Writes everything that the API knows, and the keys it needs, to one file: as it was at one moment, also while it runs. */
export async function backup({ dataDir }: Places, file: string): Promise<void> {
  const target = resolve(file);
  if (existsSync(target)) throw new LabError('AlreadyExists', `${target} exists already. Choose another name, or take it away first.`);
  const layout = layoutIn(dataDir);
  const how = await step(`Backing up ${dataDir}`, () => writeBackup(dataDir, layout, target));
  const { size } = await stat(target);
  say(`${target}: ${(size / 1024 / 1024).toFixed(1)} MiB, ${how === 'running' ? 'taken while it runs' : 'nothing was running'}.`);
  say(paint('yellow', 'It holds the keys of this installation: keep it as secret as them.'));
  if (layout.kind === 'product') say('Files on volumes are not in it, nor are images: those are built again.');
}

async function writeBackup(dataDir: string, layout: DataLayout, target: string): Promise<'running' | 'stopped'> {
  // Beside the target: renaming works within one file system only.
  const draft = await mkdtemp(join(dirname(target), '.crownlabs-backup-'));
  try {
    const log = join(draft, 'log.db');
    const how = await copyLogOf(dataDir, layout, log);
    const files = [{ path: `${layout.log}/log.db`, from: log }, ...(await filesOf(dataDir, layout))];
    await writeArchive(join(draft, 'archive'), { kind: layout.kind, createdAt: new Date().toISOString() }, files);
    await rename(join(draft, 'archive'), target);
    return how;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function filesOf(dataDir: string, layout: DataLayout): Promise<Packed[]> {
  const found: Packed[] = [];
  for (const place of layout.files.filter((one) => existsSync(join(dataDir, one)))) {
    const names = (await stat(join(dataDir, place))).isDirectory()
      ? (await readdir(join(dataDir, place), { recursive: true, withFileTypes: true }))
          .filter((one) => one.isFile())
          .map((one) => join(one.parentPath, one.name))
      : [join(dataDir, place)];
    for (const from of names.toSorted()) found.push({ path: from.slice(resolve(dataDir).length + 1), from });
  }
  return found;
}
