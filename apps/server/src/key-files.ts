import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A secret of `bytes` random bytes kept in a file that only its owner reads; made on the first call. */
export async function secretFile(path: string, bytes: number): Promise<Uint8Array> {
  const kept = await readFile(path).catch(() => undefined);
  if (kept?.length === bytes) return kept;
  const made = randomBytes(bytes);
  await writePrivate(path, made);
  return made;
}

/** Where the key that signs ServiceAccount tokens is kept. */
export function keyStorage(folder: string) {
  const path = join(folder, 'service-account.key');
  return {
    read: () => readFile(path, 'utf8').catch(() => undefined),
    write: (pem: string) => writePrivate(path, pem),
  };
}

/** Writes a file whole or not at all, readable by its owner alone: by us, or by `owner`. */
export async function writePrivate(path: string, content: string | Uint8Array, owner?: { uid: number; gid: number }): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.part`, content, { mode: 0o600 });
  if (owner) await chown(`${path}.part`, owner.uid, owner.gid);
  await rename(`${path}.part`, path);
}

/** The text of a secret that somebody else keeps in a file. */
export async function readSecret(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}
