import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type KubeClient, kubeconfigTransport } from '@crownlabs/client';
import { installationId, sweep, traces } from './engine.ts';
import { LAUNCHER, run } from './program.ts';

/** A real installation, started as a person would, in a data directory of its own. */
export class Installation implements AsyncDisposable {
  readonly dataDir: string;
  readonly port: number;
  readonly apiPort: number;
  readonly passwords = new Map<string, string>();
  /** Everything it printed. */
  output = '';
  #process: ChildProcess | undefined;
  #id: string | undefined;

  private constructor(dataDir: string, ports: readonly [number, number]) {
    this.dataDir = dataDir;
    [this.port, this.apiPort] = ports;
  }

  /** Makes a data directory; nothing runs yet. */
  static async create(): Promise<Installation> {
    const dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-e2e-'));
    return new Installation(dataDir, [await freePort(), await freePort()]);
  }

  /** Makes and starts one. */
  static async start(...flags: readonly string[]): Promise<Installation> {
    const installation = await Installation.create();
    await installation.up(...flags);
    return installation;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Runs `up` in the foreground; resolves once it says where it is. Milliseconds from the command to that line. */
  async up(...flags: readonly string[]): Promise<number> {
    const started = performance.now();
    const child = spawn(
      LAUNCHER,
      ['--data-dir', this.dataDir, 'up', '--port', String(this.port), '--api-port', String(this.apiPort), ...flags],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    this.#process = child;
    await new Promise<void>((serving, reject) => {
      let seen = '';
      const hear = (chunk: Buffer) => {
        const text = chunk.toString();
        seen += text;
        this.output += text;
        if (seen.includes('Ctrl-C stops it')) serving();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code) => reject(new Error(`up ended with ${code}:\n${seen}`)));
    });
    for (const [, name, password] of this.output.matchAll(/^ +(admin|teacher|student) +(\S+)$/gm))
      this.passwords.set(name ?? '', password ?? '');
    const took = performance.now() - started;
    this.#id ??= await installationId(this);
    return took;
  }

  /** Ends it as Ctrl-C does. */
  async down(...flags: readonly string[]): Promise<void> {
    await this.cli('down', ...flags);
    await this.gone();
  }

  /** Waits until the foreground process has ended, however it does. */
  async gone(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    this.#process = undefined;
  }

  /** Runs a command of the product on this installation. */
  cli(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return run(LAUNCHER, ['--data-dir', this.dataDir, ...args]);
  }

  /** Process ids of supervisor, control and edge. */
  async pids(): Promise<{ supervisor: number; control: number; edge: number }> {
    const state: { pid: number; programs: { control: number; edge: number } } = JSON.parse(
      await readFile(join(this.dataDir, 'run/up.json'), 'utf8'),
    );
    return { supervisor: state.pid, ...state.programs };
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'admin.kubeconfig');
  }

  /** A client with the administrator's rights. */
  async admin(): Promise<KubeClient> {
    return createClient(kubeconfigTransport(await readFile(this.kubeconfig, 'utf8')), { fieldManager: 'e2e' });
  }

  /** Ends it and removes its directory. What is left on the machine after that is swept away and thrown as an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.down().catch(() => undefined);
    this.#process?.kill('SIGKILL');
    const left = this.#id ? await traces(this.#id, this.dataDir) : [];
    if (this.#id && left.length > 0) await sweep(this.#id, this.dataDir);
    await rm(this.dataDir, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left on the machine after down:\n${left.join('\n')}`);
  }
}

/** Not one that the machine gives to whoever connects out: installations start beside each other, and a port is taken a moment after it was found. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    const free = await new Promise<boolean>((done) => server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)));
    await new Promise((closed) => server.close(closed));
    if (free) return port;
  }
}
