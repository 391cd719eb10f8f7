import { createReadStream, globSync, type ReadStream, rmSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf } from '@crownlabs/std';
import { openStore, type Store } from '@crownlabs/store';
import type { Answer, Sink } from './exchange.ts';
import type { PathTable } from './paths.ts';
import { methodNotAllowed } from './routes.ts';

const MEDIA_TYPE = 'application/vnd.sqlite3';
const DRAFT = 'backup-';

/**
 * Registers `/backup`: a copy of the log as it was at one revision, made while writes go on. Secrets in it stay sealed. It is a path
 * like any other: only who may get every path, as administrators may, is let in.
 */
export function addBackup(table: PathTable, store: Store, directory: string | undefined): void {
  // What a process that died over a backup left behind.
  if (directory !== undefined) for (const left of globSync(join(directory, `${DRAFT}*`))) rmSync(left, { recursive: true, force: true });
  table.addUnlisted('/backup', async (call) => {
    if (call.incoming.method !== 'GET') throw methodNotAllowed();
    return copyAnswer(store, directory ?? tmpdir());
  });
}

async function copyAnswer(store: Store, folder: string): Promise<Answer> {
  const draft = await mkdtemp(join(folder, DRAFT));
  try {
    const path = join(draft, 'log.db');
    await store.backup(path);
    const file = await open(path);
    const { size } = await file.stat();
    return {
      status: 200,
      headers: { 'content-type': MEDIA_TYPE, 'content-length': String(size) },
      stream: (sink) => pour(createReadStream('', { fd: file }), sink),
    };
  } catch (error) {
    throw new LabError('ServiceUnavailable', `The backup could not be made: ${messageOf(error)}`, { cause: error });
  } finally {
    // The open file lives on until it was read.
    await rm(draft, { recursive: true, force: true });
  }
}

async function pour(file: ReadStream, sink: Sink): Promise<void> {
  try {
    for await (const chunk of file) {
      sink.write(chunk);
      await sink.drained();
    }
  } finally {
    file.destroy();
    sink.end();
  }
}

/** A log that no process holds: its directory, and the key of what is sealed in it. */
export interface RestingLog {
  readonly directory: string;
  readonly sealKey: Uint8Array;
}

/** Copies a log that no process holds, whole and checked; says at which revision. Throws Conflict when a process holds it. */
export async function copyLog(log: RestingLog, path: string): Promise<number> {
  await using store = await openStore(resting(log));
  await store.backup(path);
  return store.revision;
}

/**
 * Makes a copied log fit to be served: every value is read and checked, and revisions jump, so that nobody who knew the log as it went on
 * after the copy can resume from revisions that now mean something else. Says what is in it.
 */
export async function reviveLog(log: RestingLog): Promise<{ readonly objects: number; readonly revision: number }> {
  await using store = await openStore({ ...resting(log), newEpoch: true });
  return { objects: store.buckets().reduce((sum, bucket) => sum + store.count(bucket), 0), revision: store.revision };
}

function resting({ directory, sealKey }: RestingLog): Parameters<typeof openStore>[0] {
  return { directory, seal: { key: sealKey, covers: isSealed } };
}

/** Which buckets are sealed on disk. */
export function isSealed(bucket: string): boolean {
  return bucket === '/secrets';
}
