import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NAME = 'crownlabs-edge';

/** Who the exposed process runs as. */
export interface EdgeUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The Unix user of the exposed process, made when it is not there yet. Undefined where we are not root:
 * then both processes run as the user who started them, and `doctor` says so.
 */
export async function ensureEdgeUser(): Promise<EdgeUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await lookUp();
  if (found) return found;
  await run('useradd', ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', NAME]);
  return lookUp();
}

async function lookUp(): Promise<EdgeUser | undefined> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map((flag) =>
      run('id', [flag, NAME]).then(
        ({ stdout }) => Number(stdout),
        () => Number.NaN,
      ),
    ),
  );
  return uid && gid ? { uid, gid } : undefined;
}
