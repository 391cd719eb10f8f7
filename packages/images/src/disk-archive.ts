import { spawn } from 'node:child_process';
import { basename, dirname, extname } from 'node:path';
import type { Readable } from 'node:stream';
import { LabError } from '@crownlabs/std';

/** The archive of an image whose only file is a disk, in the place where machines look for it: `/disk/`. */
export function archiveOf(disk: string, signal: AbortSignal): { readonly tar: Readable; readonly done: Promise<void> } {
  const name = `disk${extname(disk)}`;
  const child = spawn(
    'tar',
    ['-c', '-C', dirname(disk), '--owner=1010', '--group=1010', '--mode=0444', `--transform=s,^.*$,disk/${name},`, basename(disk)],
    { stdio: ['ignore', 'pipe', 'inherit'], signal, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' } },
  );
  const done = new Promise<void>((resolve, reject) =>
    child
      .once('error', reject)
      .once('close', (code) => (code === 0 ? resolve() : reject(new LabError('InternalError', `tar ended with ${code}`)))),
  );
  return { tar: child.stdout, done };
}
