import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type Backoff, backoffDelay, type Clock } from '@crownlabs/std';

/** A process that is kept running. */
export interface Program {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command that becomes the program, with its arguments; empty to start it as it is. */
  readonly within: readonly string[];
}

/** What a program says over its channel once it serves, and what it wants said on the terminal. */
export interface Ready {
  readonly ready: true;
  readonly notes?: readonly string[];
}

/** What the supervisor reports. */
export interface SupervisorEvents {
  onLine(program: string, line: string): void;
  onReady(program: string, ready: Ready): void;
  onExit(program: string, how: string, restartInMs: number): void;
}

// A server that waits most of the time pays for many arenas with memory alone: 205 MB became 169 MB. V8 lets a heap that may become large grow to
// four times what lives in it before it sweeps, and one of 768 MB to 1.5 times; 1.3 are enough: after a rush 430 MB became 270 MB, and the rush took
// no longer. 768 MB is what some 5,000 environments at once need.
// A nursery of 16 MB: fewer sweeps copy less, and a rush is a tenth shorter. What it costs at rest, the programs give back (apps/server/src/lean-at-rest.ts).
const FRUGAL = {
  flags: ['--max-semi-space-size=16', '--max-old-space-size=768', '--heap-growing-percent=30', '--disable-warning=ExperimentalWarning'],
  env: { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' },
};
const BACKOFF: Backoff = { baseMs: 200, capMs: 15_000 };
// A program that ran this long has recovered from whatever ended it before.
const STEADY_MS = 60_000;
const STOP_MS = 20_000;

/** Keeps programs running: one that ends is started again, later each time it fails in a row. */
export class Supervisor {
  readonly #clock: Clock;
  readonly #events: SupervisorEvents;
  readonly #children = new Map<string, ChildProcess>();
  readonly #stopping = new AbortController();

  constructor(clock: Clock, events: SupervisorEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Starts `program` and keeps it running until {@link stop}. */
  async keep(program: Program): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; failures++) {
      const started = this.#clock.now();
      const how = await this.#run(program);
      if (this.#stopping.signal.aborted) return;
      if (this.#clock.now() - started > STEADY_MS) failures = 0;
      const pause = failures === 0 ? 0 : backoffDelay(BACKOFF, failures - 1);
      this.#events.onExit(program.name, how, pause);
      await this.#clock.sleep(pause, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** Asks a running program to end with `signal`, then insists. */
  async stop(name: string, signal: NodeJS.Signals): Promise<void> {
    this.#stopping.abort();
    const child = this.#children.get(name);
    if (!child || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(insist);
  }

  /** Process ids by name, of what runs now. */
  pids(): Record<string, number> {
    return Object.fromEntries([...this.#children].flatMap(([name, child]) => (child.pid ? [[name, child.pid]] : [])));
  }

  #run(program: Program): Promise<string> {
    return new Promise((resolve) => {
      const env = { ...program.env, ...FRUGAL.env };
      const [execPath, ...execArgv] = [...program.within, process.execPath, ...FRUGAL.flags];
      const child = fork(program.module, program.args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execPath, execArgv, env });
      this.#children.set(program.name, child);
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', (line) => this.#events.onLine(program.name, line));
      }
      child.on('message', (message: Ready) => this.#events.onReady(program.name, message));
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => {
        this.#children.delete(program.name);
        resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`);
      });
    });
  }
}
