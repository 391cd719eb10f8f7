import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { LabError } from '@crownlabs/std';
import type { Places } from './places.ts';
import { argumentsOf, isRunning, signalTo } from './process-birth.ts';

/** What is known of a running installation, for the other commands. */
export interface Running {
  /** The supervisor, and what tells it from any other process that has or had its number. */
  readonly pid: number;
  readonly birth: string;
  readonly url: string;
  readonly apiServer: string;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly programs: Readonly<Record<string, number>>;
}

/** The running installation of these places, or undefined. A state file whose process is gone, or whose number somebody else has by now, counts for nothing. */
export async function running(places: Places): Promise<Running | undefined> {
  const state = await lastState(places);
  return state && isRunning(state) ? state : undefined;
}

/** What ran last according to the state file, be it gone or not. A file that a crash left half-written says nothing. */
async function lastState(places: Places): Promise<Running | undefined> {
  const text = await readFile(places.state, 'utf8').catch(() => '');
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ORPHANS_END_MS = 20_000;

/**
 * Waits until the programs of a supervisor that was killed have ended, which they do by themselves, and insists where they do not.
 * A process is one of them by its command line, which names this very installation.
 */
export async function orphansGone(places: Places): Promise<void> {
  const state = await lastState(places);
  const pids = Object.values(state?.programs ?? {});
  const left = () => pids.filter((pid) => argumentsOf(pid).includes(places.resolved));
  for (let waited = 0; left().length > 0; waited += 50) {
    if (waited >= ORPHANS_END_MS) for (const pid of left()) signalTo(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Says to the other commands what runs. */
export async function announce(places: Places, state: Running): Promise<void> {
  await mkdir(dirname(places.state), { recursive: true });
  await writeFile(places.state, JSON.stringify(state));
}

/** Forgets what ran. */
export async function withdraw(places: Places): Promise<void> {
  await rm(places.state, { force: true });
}

/** The ports of an installation: found once, then kept, because addresses and cookies of people depend on them. */
export interface Ports {
  readonly product: number;
  readonly api: number;
}

/** Decides the ports: what the configuration says, else what was kept, else the first free ones. A wanted port in use is an error that says so. */
export async function decidePorts(
  places: Places,
  wanted: { port?: number | undefined; apiPort?: number | undefined; bind: string },
): Promise<Ports> {
  const file = join(places.dataDir, 'ports.json');
  const kept: Partial<Ports> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  const product = await decide({ wanted: wanted.port, kept: kept.product, from: 8080, bind: wanted.bind, flag: '--port' });
  const api = await decide({ wanted: wanted.apiPort, kept: kept.api, from: 6443, bind: '127.0.0.1', flag: '--api-port' });
  await mkdir(places.dataDir, { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ product, api }));
  return { product, api };
}

async function decide(port: {
  wanted: number | undefined;
  kept: number | undefined;
  from: number;
  bind: string;
  flag: string;
}): Promise<number> {
  const fixed = port.wanted ?? port.kept;
  if (fixed === undefined) return firstFree(port.from, port.bind);
  if (await isFree(fixed, port.bind)) return fixed;
  throw new LabError(
    'Conflict',
    `Port ${fixed} on ${port.bind} is in use by another program. End that program (\`ss -ltnp 'sport = :${fixed}'\` names it), or choose another port with ${port.flag}.`,
  );
}

async function firstFree(from: number, bind: string): Promise<number> {
  for (let port = from; port < from + 200; port++) {
    if (await isFree(port, bind)) return port;
  }
  throw new LabError('Conflict', `No port from ${from} to ${from + 199} is free on ${bind}.`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
