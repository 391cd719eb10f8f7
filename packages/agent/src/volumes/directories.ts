import { execFile } from 'node:child_process';
import { access, chmod, chown, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, LabError } from '@crownlabs/std';
import type { VolumeFile } from './content.ts';

/** Who owns a volume's directory. */
export interface Owner {
  readonly uid: number;
  /** Absent: everybody may write. */
  readonly fsGroup: number | undefined;
}

/** A name of one path segment, from anything. */
export function segment(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return safe.startsWith('.') ? `_${safe}` : safe;
}

/** Makes a directory that pods write to, unless it is there. Its parents are ours alone, so nobody can put anything in its place. */
export async function ensureWritable(path: string, { uid, fsGroup }: Owner): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  const made = await make(path);
  const wanted = fsGroup ?? 0;
  if (!made && (fsGroup === undefined || (await stat(path)).gid === wanted)) return;
  await chown(path, made ? uid : (await stat(path)).uid, wanted);
  // The group bit makes files of every member belong to the group.
  await chmod(path, fsGroup === undefined ? 0o777 : 0o2775);
}

async function make(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw diskError(error, path);
  }
}

let versions = 0;

/**
 * Writes a volume's files so that a reader sees all of the old or all of the new: a new directory, then one rename of a link to it.
 * The layout is the one that programs which watch such volumes know.
 */
export async function writeContent(path: string, files: readonly VolumeFile[], fsGroup: number | undefined): Promise<void> {
  const version = `..${Date.now()}_${versions++}`;
  const fresh = join(path, version);
  try {
    await mkdir(fresh, { recursive: true, mode: 0o755 });
    for (const file of files) await writeOne(fresh, file, fsGroup);
    await symlink(version, join(path, '..data_next'));
    await rename(join(path, '..data_next'), join(path, '..data'));
    for (const name of new Set(files.map((file) => file.path.split('/')[0] ?? ''))) {
      await symlink(join('..data', name), join(path, name)).catch(ignoreExisting);
    }
  } catch (error) {
    throw diskError(error, path);
  }
}

async function writeOne(root: string, { path, content, mode }: VolumeFile, fsGroup: number | undefined): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await writeFile(target, content);
  // A group that the pod is in may read what others may not.
  await chmod(target, fsGroup === undefined ? mode : mode | 0o440);
  if (fsGroup !== undefined) await chown(target, 0, fsGroup);
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

/** Removes a tree that no container uses any more. It is moved away first, so that its name is free and half a tree is never seen. */
export async function removeTree(path: string, trash: string): Promise<void> {
  const doomed = join(trash, `${Date.now()}-${versions++}`);
  // Nothing is made where there is nothing to remove: an installation that ends takes the whole place away meanwhile.
  if (!(await exists(path)) || !(await madeIn(trash))) return;
  try {
    await rename(path, doomed);
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  await rm(doomed, { recursive: true, force: true });
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Makes a directory where its parent is there. Whether it is there now. */
async function madeIn(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
  return true;
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

const run = promisify(execFile);

/** Bytes on disk below `path`. A program counts, which does not follow links and does not hold us up. */
export async function usedBytes(path: string): Promise<number> {
  const { stdout } = await run('du', ['-sxB1', '--', path]).catch(() => ({ stdout: '0' }));
  return Number.parseInt(stdout, 10) || 0;
}

function diskError(error: unknown, path: string): Error {
  if (hasCode(error, 'InternalError')) return error;
  const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return full ? new LabError('InternalError', `The disk is full: ${path} was not written.`, { cause: error }) : LabError.from(error);
}
