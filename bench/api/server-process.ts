import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOKEN_LINE, Wire } from './wire.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A program that is measured: where it listens, and what it costs. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** From the command to the first answer. */
  readonly readyMs: number;
  readonly #process: ChildProcess;

  constructor(child: ChildProcess, port: number, readyMs: number) {
    this.#process = child;
    this.port = port;
    this.readyMs = readyMs;
  }

  /** Resident memory in MB. */
  get memory(): number {
    const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8'));
    return Math.round(Number(line?.[1] ?? 0) / 1024);
  }

  /** Seconds of CPU since it began, of all its threads. */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Milliseconds for which its event loop was held up at most since this was last asked; it must have been started with LOOP_WATCH. */
  heldUp(): Promise<number> {
    return new Promise((resolve) => {
      const listen = (chunk: Buffer) => {
        const told = /held up ([\d.]+) ms/.exec(chunk.toString())?.[1];
        if (told === undefined) return;
        this.#process.stderr?.off('data', listen);
        resolve(Math.round(Number(told)));
      };
      this.#process.stderr?.on('data', listen);
      this.#process.kill('SIGUSR2');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** A data directory with a token file, gone with the measurement. */
export class DataDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'api-bench-'));

  constructor() {
    writeFileSync(join(this.path, 'tokens.csv'), TOKEN_LINE);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

export interface ApiOptions {
  readonly controllers?: boolean;
  /** Further flags of node: a profiler. */
  readonly node?: readonly string[];
}

/** A flag of node with which a server can tell how long it was held up. */
export const LOOP_WATCH = `--import=${join(ROOT, 'bench/loop-watch.ts')}`;

// As the launcher has them.
const FRUGAL = [
  '--max-semi-space-size=16',
  '--max-old-space-size=768',
  '--heap-growing-percent=30',
  '--disable-warning=ExperimentalWarning',
];
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled'),
};

/** Starts `crownlabs apiserver` on `directory`. */
export function startApi({ path }: DataDirectory, { controllers = false, node = [] }: ApiOptions = {}): Promise<ServerProcess> {
  const flags = ['--data-dir', join(path, 'api'), '--secure-port', '0', '--token-auth-file', join(path, 'tokens.csv')];
  const program = [join(ROOT, 'apps/cli/src/main.ts'), 'apiserver', ...flags, ...(controllers ? [] : ['--controllers=-*'])];
  return started([...FRUGAL, ...node, ...program], /"url":"https:[^"]*:(\d+)"/);
}

/** Starts the least that a TLS server of node can do, as the limit to approach. */
export function startBare(): Promise<ServerProcess> {
  return started([join(ROOT, 'bench/bare-server.ts')], /port (\d+)/);
}

async function started(flags: readonly string[], told: RegExp): Promise<ServerProcess> {
  const began = performance.now();
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...ENVIRONMENT } });
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = told.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('exit', () => reject(new Error(`The server ended: ${said}`)));
  });
  const wire = await Wire.open(port);
  const { status } = await wire.ask({ method: 'GET', path: '/readyz' });
  wire.close();
  if (status !== 200) throw new Error(`The server is not ready: ${status}`);
  return new ServerProcess(child, port, Math.round(performance.now() - began));
}
