import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import { type Clock, LabError } from '@crownlabs/std';
import type { FakeExec, FakeProcess, FakeProgram } from './fake-process.ts';
import type { ContainerInfo, ContainerSpec, ContainerState, ExecRequest, ExecStream, LogRequest, PodRef } from './runtime.ts';

interface Line {
  readonly at: number;
  readonly text: string;
}

/** A container of the fake runtime: a program, its lines and its listeners. */
export class FakeContainer {
  readonly id: string;
  readonly #pod: PodRef;
  readonly #spec: ContainerSpec;
  readonly #clock: Clock;
  readonly #lines: Line[] = [];
  readonly #listeners = new Map<number | 'any', (socket: Duplex) => void>();
  readonly #sockets = new Set<Duplex>();
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #process: FakeProcess;
  #onLine: (() => void)[] = [];
  #state: ContainerState = { phase: 'created' };

  constructor(id: string, pod: PodRef, spec: ContainerSpec, clock: Clock) {
    this.id = id;
    this.#pod = pod;
    this.#spec = spec;
    this.#clock = clock;
    const write = (text: string) => this.#write(text);
    this.#process = {
      pod,
      spec,
      print: write,
      printError: write,
      listen: (port, answer) => void this.#listeners.set(port, answer),
      stopping: this.#stopping.signal,
    };
  }

  get info(): ContainerInfo {
    const { name, attempt, image } = this.#spec;
    return { id: this.id, podUid: this.#pod.uid, name, attempt, image, imageId: `sha256:${image}`, state: this.#state };
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Runs the program; `onExit` is called once. */
  start(program: FakeProgram, onExit: () => void): void {
    this.#state = { phase: 'running', startedAt: this.#clock.now() };
    void this.ended.then(onExit);
    program(this.#process).then(
      (code) => this.exit(code),
      () => this.exit(1),
    );
  }

  /** Ends the container with that code, whatever its program does. */
  exit(exitCode: number, outOfMemory = false): void {
    if (this.#state.phase !== 'running') return;
    this.#state = { phase: 'exited', exitCode, startedAt: this.#state.startedAt, finishedAt: this.#clock.now(), outOfMemory };
    this.#stopping.abort();
    for (const socket of this.#sockets) socket.destroy();
    this.#ended.resolve();
    this.#wake();
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#state.phase !== 'running') return;
    this.#stopping.abort();
    const timer = setTimeout(() => this.exit(137), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** A connection to the program, or `undefined` where nothing listens on that port itself. */
  connect(port: number, orAny: boolean): Duplex | undefined {
    const answer =
      this.#state.phase === 'running' ? (this.#listeners.get(port) ?? (orAny ? this.#listeners.get('any') : undefined)) : undefined;
    if (!answer) return undefined;
    const [near, far] = duplexPair();
    this.#sockets.add(far);
    far.on('close', () => this.#sockets.delete(far)).on('error', () => undefined);
    answer(far);
    return near;
  }

  async *logs(request: LogRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const chosen = this.#lines.filter((line) => line.at >= (request.since ?? 0));
    const skipped = request.tailLines === undefined ? 0 : Math.max(0, chosen.length - request.tailLines);
    for (const line of chosen.slice(skipped)) yield encode(line, request);
    let next = this.#lines.length;
    while (request.follow && !signal.aborted) {
      for (const line of this.#lines.slice(next)) yield encode(line, request);
      next = this.#lines.length;
      if (this.#state.phase === 'exited') return;
      await new Promise<void>((resolve) => {
        this.#onLine.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  exec(answer: FakeExec, request: ExecRequest): ExecStream {
    if (this.#state.phase !== 'running') throw new LabError('Conflict', `Container ${this.#spec.name} is not running.`);
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const input = request.stdin ? stdin.toArray().then((chunks) => Buffer.concat(chunks).toString()) : Promise.resolve('');
    const exited = answer(this.#process, request, input).then((result) => {
      stdout.end(result.stdout ?? '');
      stderr.end(result.stderr ?? '');
      return result.exitCode;
    });
    return { stdin, stdout, stderr, exited, resize: () => Promise.resolve() };
  }

  #write(text: string): void {
    this.#lines.push({ at: this.#clock.now(), text });
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#onLine;
    this.#onLine = [];
    for (const resolve of waiting) resolve();
  }
}

function encode(line: Line, request: LogRequest): Uint8Array {
  return Buffer.from(request.timestamps ? `${new Date(line.at).toISOString()} ${line.text}` : line.text);
}
