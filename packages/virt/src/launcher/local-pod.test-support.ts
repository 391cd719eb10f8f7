import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import type { PodShell } from '../doors/shell.ts';

const PROGRAMS = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/', import.meta.url).pathname;
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Programs that a test needs and this machine has not. */
export function missingTools(...tools: readonly string[]): string[] {
  return tools.filter((tool) => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore', env: { PATH } });
      return false;
    } catch {
      return true;
    }
  });
}

/** What runs in a launcher pod, run here: the same programs, with a directory of this machine in place of the pod's. */
export class LocalPod {
  readonly place = mkdtempSync(join(tmpdir(), 'crownlabs-pod-'));
  readonly #children = new Set<ChildProcess>();
  readonly shell: PodShell;

  constructor() {
    mkdirSync(join(this.place, 'claims/root'), { recursive: true });
    this.shell = {
      open: async (_pod, _container, command) => {
        const child = this.start(command);
        const { stdin, stdout } = child;
        if (!stdin || !stdout) throw new LabError('InternalError', 'no pipes');
        return Duplex.from({ writable: stdin, readable: stdout });
      },
      run: (_pod, _container, command) =>
        new Promise((resolve, reject) => {
          const [program = '', ...words] = this.#local(command);
          execFile(program, words, { env: this.#env }, (error, stdout, stderr) =>
            error ? reject(new LabError('InternalError', stderr.trim())) : resolve(stdout),
          );
        }),
    };
  }

  get #env() {
    return { PATH, MACHINE_RUN: this.place };
  }

  /** Words of the pod, as they are here. */
  #local(command: readonly string[]): string[] {
    return command.map((word) =>
      word
        .replaceAll('/usr/lib/crownlabs/', PROGRAMS)
        .replaceAll('/run/machine', this.place)
        .replaceAll('/claims/', `${this.place}/claims/`),
    );
  }

  /** Starts a program of the pod. */
  start(command: readonly string[]): ChildProcess {
    const [program = '', ...words] = this.#local(command);
    const child = spawn(program, words, { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.stdin?.on('error', () => undefined);
    return child;
  }

  /** A file of the pod. */
  read(path: string): string {
    const [local = ''] = this.#local([path]);
    return readFileSync(local, 'utf8');
  }

  /** Ends everything. */
  end(): void {
    for (const child of this.#children) kill(child);
    rmSync(this.place, { recursive: true, force: true });
  }
}

/** With all that it started. */
function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
