import { setTimeout as sleep } from 'node:timers/promises';
import { expected, fill, PODS, pod } from './pods.ts';
import { show } from './scoreboard.ts';
import type { ServerProcess } from './server-process.ts';
import { openWires, type Wire } from './wire.ts';

const OBJECTS = 2000;
const WRITERS = 8;
const BRACE = 0x7d;
const NEWLINE = 0x0a;
const WATCH = `${PODS}?watch=1&labelSelector=watched`;

export interface FanOut {
  readonly watchers: number;
  readonly seconds: number;
  /** Before the names of figures: a peer. */
  readonly peer?: string;
}

/** How many events a second reach so many watchers of one collection, and how late: every tenth watcher is timed. */
export async function fanOut(server: ServerProcess, { watchers, seconds, peer = '' }: FanOut): Promise<void> {
  const writers = await openWires(server.port, WRITERS);
  await fill(writers, OBJECTS, 'q');
  const crowd = await openWires(server.port, watchers);
  const tally = new Tally();
  await Promise.all(crowd.map((wire, at) => wire.stream(WATCH, at % 10 === 0 ? tally.timed() : tally.counted())));
  await sleep(500);
  if (watchers === 100 && peer === '') show({ name: 'memory, 2,000 objects and 100 watchers', value: server.memory, unit: 'MB' });
  await write(writers, tally, 'warm', 1);
  await sleep(500);
  tally.begin();
  const cpu = server.cpu;
  const start = performance.now();
  const creates = await write(writers, tally, 'w', seconds);
  await tally.complete(creates * watchers);
  const spent = (performance.now() - start) / 1000;
  const busy = Math.round(((server.cpu - cpu) / spent) * 100);
  const more = `${Math.round(creates / spent)} creates per s, server ${busy} % of a core`;
  show({ name: `${peer}watch events to ${watchers}`, value: Math.round(tally.events / spent), unit: 'per s', more });
  show({ name: `${peer}watch to ${watchers}, p99`, value: tally.p99, unit: 'ms' });
  for (const wire of [...writers, ...crowd]) wire.close();
}

/** Creates pods for so long; how many. */
async function write(wires: readonly Wire[], tally: Tally, prefix: string, seconds: number): Promise<number> {
  let n = 0;
  const until = performance.now() + seconds * 1000;
  await Promise.all(
    wires.map(async (wire) => {
      while (performance.now() < until) {
        const name = `${prefix}${n++}`;
        tally.sent(name);
        await expected(wire, { method: 'POST', path: PODS, body: pod(name, { watched: 'yes' }) }, 201);
      }
    }),
  );
  return n;
}

/** What arrived of all events, and when. */
class Tally {
  events = 0;
  #latencies: number[] = [];
  readonly #sentAt = new Map<string, number>();

  begin(): void {
    this.events = 0;
    this.#latencies = [];
  }

  sent(name: string): void {
    this.#sentAt.set(name, performance.now());
  }

  counted(): (chunk: Buffer) => void {
    const count = counter();
    return (chunk) => void (this.events += count(chunk));
  }

  timed(): (chunk: Buffer) => void {
    const count = counter();
    let tail = '';
    return (chunk) => {
      this.events += count(chunk);
      const text = tail + chunk.toString('latin1');
      const cut = text.lastIndexOf('}\n') + 1;
      tail = text.slice(cut);
      const now = performance.now();
      for (const [, name = ''] of text.slice(0, cut).matchAll(/"metadata":\{"name":"(w\w+)"/g)) {
        const from = this.#sentAt.get(name);
        if (from !== undefined) this.#latencies.push(now - from);
      }
    };
  }

  /** Waits for the last of `count` events; one that is missing is no figure but a failure. */
  async complete(count: number): Promise<void> {
    for (let left = 500; this.events < count && left > 0; left -= 1) await sleep(10);
    if (this.events !== count) throw new Error(`${this.events} of ${count} events arrived`);
  }

  get p99(): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN);
  }
}

/** Counts ends of events; one may lie across two chunks. The newlines of HTTP's own framing follow other bytes. */
function counter(): (chunk: Buffer) => number {
  let before = 0;
  return (chunk) => {
    let found = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
      if ((at === 0 ? before : chunk[at - 1]) === BRACE) found += 1;
    }
    before = chunk.at(-1) ?? before;
    return found;
  };
}
