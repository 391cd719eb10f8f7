import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { reviveLog } from '@crownlabs/apiserver';
import { LabError } from '@crownlabs/std';
import { readArchive } from '../backup/archive.ts';
import { restingLog } from '../backup/copy-log.ts';
import { layoutOf } from '../backup/data-layout.ts';
import { running } from '../installation.ts';
import type { Places } from '../places.ts';
import { say, step } from '../terminal.ts';

/** Makes an installation from a backup, in a data directory that is empty or not there. All of it or nothing. */
export async function restore(places: Places, file: string): Promise<void> {
  const dataDir = resolve(places.dataDir);
  await demandEmpty(places, dataDir);
  const { manifest, objects, revision } = await step(`Restoring ${file} into ${dataDir}`, async () => {
    await mkdir(dirname(dataDir), { recursive: true });
    const draft = await mkdtemp(join(dirname(dataDir), `.${basename(dataDir)}-restore-`));
    try {
      const manifest = await readArchive(resolve(file), draft);
      const revived = await reviveLog(await restingLog(draft, layoutOf(manifest.kind)));
      await rmdir(dataDir).catch(() => undefined);
      await rename(draft, dataDir);
      return { manifest, ...revived };
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  say(`${objects} objects as of ${manifest.createdAt}; revisions go on from ${revision}, and older ones answer Expired.`);
  say(`Start it with \`crownlabs --data-dir ${dataDir} ${manifest.kind === 'product' ? 'up' : 'apiserver'}\`. People sign in again.`);
}

async function demandEmpty(places: Places, dataDir: string): Promise<void> {
  if (await running(places))
    throw new LabError('Conflict', `CrownLabs runs from ${dataDir}. End it with \`crownlabs down\`, and restore into an empty directory.`);
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return;
  const holder = await holderOf(dataDir);
  const inUse = holder === undefined ? '' : ` and in use by ${holder}`;
  throw new LabError(
    'Conflict',
    `${dataDir} is not empty${inUse}. A backup is restored into an empty directory: move this one away, or choose another with --data-dir.`,
  );
}

/** Which process holds the log, as it says itself. */
async function holderOf(dataDir: string): Promise<string | undefined> {
  for (const log of ['log', 'api']) {
    const text = await readFile(join(dataDir, log, 'owner'), 'utf8').catch(() => undefined);
    if (text !== undefined) return text.trim();
  }
  return undefined;
}
