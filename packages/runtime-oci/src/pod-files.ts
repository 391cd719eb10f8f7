import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mount } from '@crownlabs/runtime';

/** Directory with the files of one pod that every container of it shares. */
function directoryOf(root: string, uid: string): string {
  return join(root, uid.replaceAll(/[^0-9A-Za-z-]/g, '_'));
}

/** Where the files will be in containers. */
export function podFileMounts(root: string, uid: string): readonly Mount[] {
  const directory = directoryOf(root, uid);
  return ['hosts', 'hostname', 'resolv.conf'].map((name) => ({
    kind: 'bind',
    source: join(directory, name),
    target: `/etc/${name}`,
    readOnly: true,
  }));
}

/** Writes `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a pod. */
export async function writePodFiles(
  root: string,
  pod: { readonly uid: string; readonly hostname: string; readonly ip: string; readonly resolvers: readonly string[] },
): Promise<void> {
  const directory = directoryOf(root, pod.uid);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const files: Record<string, string> = {
    hosts: `127.0.0.1 localhost\n${pod.ip} ${pod.hostname}\n`,
    hostname: `${pod.hostname}\n`,
    'resolv.conf': pod.resolvers.map((address) => `nameserver ${address}\n`).join(''),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text, { mode: 0o644 })));
}

/** Removes a pod's files. */
export async function removePodFiles(root: string, uid: string): Promise<void> {
  await rm(directoryOf(root, uid), { recursive: true, force: true });
}
