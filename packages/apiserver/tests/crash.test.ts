import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'rolldown';
import { expect, test } from 'vitest';

const ROUNDS = 200;
// Some die again while they open the log.
const STILLBORN_EVERY = 9;
const WRITERS = ['a', 'b', 'c', 'd', 'e', 'f'];
const MAPS = '/api/v1/namespaces/default/configmaps';

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

type Sent = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

interface Seen {
  readonly type: string;
  readonly revision: number;
  readonly name: string;
  readonly n: string | undefined;
}

type Child = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };

/** An API that is killed and started again on the same port and directory; the next ones are loaded already and wait. */
class MortalApi {
  readonly directory = mkdtempSync(join(tmpdir(), 'api-crash-'));
  readonly #code = mkdtempSync(join(tmpdir(), 'api-crash-code-'));
  #heirs: Child[] = [];
  #child: Child | undefined;
  #port = 0;

  #spawn(): Child {
    const script = join(this.#code, 'crash-server.js');
    const env = { NODE_COMPILE_CACHE: join(this.#code, 'compiled') };
    return spawn(process.execPath, [script, '--directory', join(this.directory, 'data')], { stdio: ['pipe', 'pipe', 'inherit'], env });
  }

  /** Lets the next one open the directory, without waiting for it. */
  #succeed(): Child {
    const child = this.#heirs.shift() ?? this.#spawn();
    while (this.#heirs.length < 2) this.#heirs.push(this.#spawn());
    child.stdin.write(`${this.#port}\n`);
    this.#child = child;
    return child;
  }

  /**
   * Makes lives short work: one file instead of hundreds to find and to read, and compiled code, which is kept by processes that end by
   * themselves, as the mortal ones never do.
   */
  async warmUp(): Promise<void> {
    const input = join(import.meta.dirname, 'crash-server.ts');
    await build({ input, platform: 'node', output: { dir: this.#code, format: 'esm' }, logLevel: 'warn' });
    symlinkSync(join(import.meta.dirname, '../src/kinds/generated'), join(this.#code, 'generated'));
    const child = this.#spawn();
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
  }

  async start(): Promise<void> {
    const child = this.#succeed();
    this.#port = await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => resolve(Number(chunk.toString().split(' ')[1])));
      child.once('close', () => reject(new Error('The API did not start')));
    });
  }

  /** One that dies before it serves. */
  async startInVain(ms: number): Promise<void> {
    this.#succeed();
    await sleep(ms);
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.#child) await killed(this.#child);
  }

  fetch(path: string, init: Sent = {}): Promise<Response> {
    const headers = { authorization: 'Bearer t', ...init.headers };
    return fetch(`http://127.0.0.1:${this.#port}${path}`, { ...init, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Promise.all(this.#heirs.map(killed));
    for (const folder of [this.directory, this.#code]) rmSync(folder, { recursive: true });
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
}

/** Goes on after every death from the last revision that it was told. */
class Watcher {
  readonly seen: Seen[] = [];
  #at: number;
  readonly #api: MortalApi;
  readonly #query: string;

  constructor(api: MortalApi, at: number, query = '') {
    this.#api = api;
    this.#at = at;
    this.#query = query;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const path = `${MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion=${this.#at}${this.#query}`;
        await this.#read(await this.#api.fetch(path, { signal }));
      } catch (error) {
        // The server died, or is not back yet. What the watch itself told wrong is no such thing.
        if (error instanceof RangeError) throw error;
      }
      await sleep(5);
    }
  }

  async #read({ body }: Response): Promise<void> {
    let rest = '';
    for await (const chunk of body ?? []) {
      const lines = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#event(JSON.parse(line) as { type: string; object: ConfigMap });
    }
  }

  #event({ type, object }: { type: string; object: ConfigMap }): void {
    if (type === 'ERROR') throw new RangeError(`The watch ended with ${JSON.stringify(object)}`);
    const revision = Number(object.metadata.resourceVersion);
    if (revision < this.#at || (revision === this.#at && type !== 'BOOKMARK')) {
      throw new RangeError(`${type} at ${revision} after ${this.#at}`);
    }
    this.#at = revision;
    if (type !== 'BOOKMARK') this.seen.push({ type, revision, name: object.metadata.name, n: object.data?.['n'] });
  }
}

/** Creates, changes and deletes its own objects for ever; remembers what was acknowledged. */
class Writer {
  readonly acknowledged: Seen[] = [];
  readonly #api: MortalApi;
  readonly #name: string;
  #n = 0;

  constructor(api: MortalApi, name: string) {
    this.#api = api;
    this.#name = name;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#n += 1;
      await this.#write(`${this.#name}-${this.#n % 5}`).catch(() => sleep(5));
    }
  }

  async #write(name: string): Promise<void> {
    const n = String(this.#n);
    const created = await this.#send('ADDED', MAPS, 'POST', {
      metadata: { name, labels: { even: String(this.#n % 2 === 0) } },
      data: { n },
    });
    if (created) return;
    if (this.#n % 3 === 0) await this.#send('DELETED', `${MAPS}/${name}`, 'DELETE');
    else
      await this.#send('MODIFIED', `${MAPS}/${name}`, 'PATCH', { metadata: { labels: { even: String(this.#n % 2 === 0) } }, data: { n } });
  }

  async #send(type: string, path: string, method: string, body?: unknown): Promise<boolean> {
    const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const answer = await this.#api.fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const object = (await answer.json()) as ConfigMap;
    if (!answer.ok) return false;
    const { name, resourceVersion } = object.metadata;
    // The answer to a deletion does not tell its revision.
    if (type !== 'DELETED') this.acknowledged.push({ type, revision: Number(resourceVersion), name, n: object.data?.['n'] });
    return true;
  }
}

/** What a watcher who goes through all of it believes to be there. */
function believed(seen: readonly Seen[]): string[] {
  const state = new Map<string, string>();
  for (const { type, name, n, revision } of seen) {
    // A creation of what is there, or a change of what is not, means that something was lost in between.
    if ((type === 'ADDED') === state.has(name)) throw new Error(`${type} of ${name} at ${revision} does not follow`);
    if (type === 'DELETED') state.delete(name);
    else state.set(name, `${name} ${revision} ${n}`);
  }
  return [...state.values()].toSorted();
}

test('killed at random moments, the API loses nothing acknowledged, and watches go on without gap, repetition or step back', {
  timeout: 600_000,
}, async () => {
  await using api = new MortalApi();
  await api.warmUp();
  await api.start();
  const start = Number(((await (await api.fetch(MAPS)).json()) as ConfigMap).metadata.resourceVersion);
  const stop = new AbortController();
  const watchers = [new Watcher(api, start), new Watcher(api, start), new Watcher(api, start, '&labelSelector=even%3Dtrue')];
  const writers = WRITERS.map((name) => new Writer(api, name));
  const running = Promise.all([...watchers, ...writers].map((one) => one.run(stop.signal)));
  const acknowledged = () => writers.flatMap((one) => one.acknowledged);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = acknowledged().length;
    // Between two deaths something must have been written, however slow the machine is today.
    while (acknowledged().length === before) await Promise.race([sleep(2), running]);
    await sleep(Math.random() * 60);
    await api.kill();
    if (round % STILLBORN_EVERY === 0) await api.startInVain(Math.random() * 60);
    await api.start();
  }
  await sleep(300);
  stop.abort();
  await running;
  const final = (await (await api.fetch(MAPS)).json()) as { metadata: { resourceVersion: string }; items: ConfigMap[] };
  // Each reads what is left from where it is.
  await Promise.all(watchers.map((one) => one.run(AbortSignal.timeout(1_000))));
  const there = final.items.map(({ metadata, data }) => `${metadata.name} ${metadata.resourceVersion} ${data?.['n']}`).toSorted();
  const [first, second, even] = watchers.map((one) => one.seen);
  expect(first).toEqual(second);
  expect(believed(first ?? [])).toEqual(there);
  const evens = final.items.filter(({ metadata }) => metadata.labels?.['even'] === 'true').map(({ metadata }) => metadata.name);
  expect(believed(even ?? []).map((one) => one.split(' ')[0])).toEqual(evens.toSorted());
  const told = new Map((first ?? []).map((one) => [one.revision, one]));
  for (const one of acknowledged()) expect(told.get(one.revision)).toEqual(one);
  expect(acknowledged().length).toBeGreaterThan(ROUNDS);
  process.stdout.write(`${ROUNDS} deaths, ${acknowledged().length} acknowledged writes, ${first?.length} events told to each watcher\n`);
});
