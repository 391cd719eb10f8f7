import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { LabError } from '@crownlabs/std';
import type { Places } from './places.ts';

/** What is known of a running installation, for the other commands. */
export interface Running {
  /** The supervisor. */
  readonly pid: number;
  readonly url: string;
  readonly apiServer: string;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly programs: Readonly<Record<string, number>>;
}

/** The running installation of these places, or undefined. A state file whose process is gone counts for nothing. */
export async function running(places: Places): Promise<Running | undefined> {
  const text = await readFile(places.state, 'utf8').catch(() => undefined);
  if (!text) return undefined;
  const state: Running = JSON.parse(text);
  return isAlive(state.pid) ? state : undefined;
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

/** Whether a process of this id runs. One that has ended and whose parent did not ask how (in many containers nobody does) runs no more. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return stateOf(pid) !== 'Z';
}

/** The letter after the program's name in https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. */
function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
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
