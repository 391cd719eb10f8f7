import { execFile } from 'node:child_process';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { LabError } from '@crownlabs/std';

const run = promisify(execFile);
const ENTER_FOR_OTHERS = 0o001;
const READ_FOR_OTHERS = 0o004;

/**
 * The command to run a program within, so that a process that becomes another user still reaches `paths`.
 * Empty where it reaches them as things are.
 *
 * A clone in root's home is the ordinary case: no other user may enter /root. The program then gets a mount namespace
 * of its own in which the closed directory is empty but for what is needed, so the paths stay the same and nothing else of it is seen.
 */
export async function reachFor(paths: readonly string[]): Promise<readonly string[]> {
  const needed = await Promise.all(paths.map((path) => realpath(path)));
  for (const path of needed) await demandOpen(path);
  const closed = await Promise.all(needed.map(closedAncestor));
  const hidden = [...new Set(closed.filter((path) => path !== undefined))];
  if (hidden.length === 0) return [];
  const shown = outermost(needed.filter((_, index) => closed[index] !== undefined));
  await run('unshare', ['--mount', '--propagation', 'private', 'true']).catch((cause: unknown) => {
    throw new LabError(
      'ServiceUnavailable',
      `The web door runs as a user of its own, who may not enter ${hidden.join(' and ')}, and this machine allows no mount namespace to show it the clone. ` +
        'Move the clone (and the data directory) to where all users may enter, for example /opt/crownlabs.',
      { cause },
    );
  });
  return ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', SHOW, 'show', hidden.join('\n'), shown.join('\n')];
}

/** Puts `$2` aside, empties `$1`, puts `$2` back where it was, and becomes the rest. Both are lists, one path a line. */
const SHOW = `set -eu
hidden=$1 shown=$2
shift 2
mount -t tmpfs -o mode=755,size=64k aside /mnt
each() { printf '%s\\n' "$1" | while IFS= read -r path; do "$2" "$path"; done; }
place() { printf '/mnt/%s' "$(printf '%s' "$1" | cksum | tr ' ' -)"; }
aside() { mkdir "$(place "$1")"; mount --bind "$1" "$(place "$1")"; }
empty() { mount -t tmpfs -o mode=755,size=64k hidden "$1"; }
back() { (umask 022; mkdir -p "$1"); mount --move "$(place "$1")" "$1"; }
each "$shown" aside
each "$hidden" empty
each "$shown" back
exec "$@"`;

/** The outermost directory above `path` that others may not enter. */
async function closedAncestor(path: string): Promise<string | undefined> {
  const above = dirname(path);
  if (above === path) return undefined;
  return (await closedAncestor(above)) ?? ((await allows(above, ENTER_FOR_OTHERS)) ? undefined : above);
}

/** No namespace opens what its own mode keeps others out of. */
async function demandOpen(path: string): Promise<void> {
  const bit = (await stat(path)).isDirectory() ? ENTER_FOR_OTHERS : READ_FOR_OTHERS;
  if (await allows(path, bit)) return;
  throw new LabError(
    'Forbidden',
    `The web door runs as a user of its own, to whom ${path} is closed. Type: chmod -R go+rX '${dirname(path)}'`,
  );
}

async function allows(path: string, bit: number): Promise<boolean> {
  return ((await stat(path)).mode & bit) !== 0;
}

/** Without those that lie in another of the list. */
function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && path.startsWith(`${other}/`)));
}
