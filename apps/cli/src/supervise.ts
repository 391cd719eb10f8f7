import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { forgetSignIns } from '@crownlabs/server';
import { LabError, scope, systemClock } from '@crownlabs/std';
import { announce, type Ports, type Running, withdraw } from './installation.ts';
import { LogFiles, troubleIn } from './log-lines.ts';
import { type Places, ROOT } from './places.ts';
import { birthOf } from './process-birth.ts';
import { serveFirst } from './serve-first.ts';
import { reachFor } from './setup/edge-reach.ts';
import type { EdgeUser } from './setup/edge-user.ts';
import { type Program, type Ready, Supervisor } from './supervisor.ts';

const MAIN = join(ROOT, 'apps/server/src/main.ts');
const PROGRAMS = ['control', 'edge'] as const;

/** What a supervised installation needs to know. `config` is the resolved configuration, as both programs read it. */
export interface Supervised {
  readonly places: Places;
  readonly ports: Ports;
  readonly url: string;
  /** Who the exposed process runs as, where we may choose. */
  readonly edgeUser?: EdgeUser;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What is heard of it. */
export interface SupervisedEvents {
  /** Both programs serve for the first time; notes are for the terminal, once. */
  onServing(notes: readonly string[]): void;
  onLine(program: string, line: string): void;
  /** A program ended by itself and is started again; `served` says whether people could have something open. */
  onExit(program: string, how: string, again: { readonly inMs: number; readonly served: boolean }): void;
  /** How often a program may end before all have served; then it is given up. Where somebody watches it is tried for ever. */
  readonly mostStarts?: number;
}

/** Runs the two programs until SIGINT or SIGTERM (environments end too) or SIGUSR2 (they stay). Resolves when all has ended. */
export async function supervise(installation: Supervised, events: SupervisedEvents): Promise<void> {
  const { places } = installation;
  await using owned = scope();
  await serveFirst();
  const resolved = await writeResolved(installation);
  const within = { control: [], edge: installation.edgeUser ? await reachFor(neededByEdge(places)) : [] };
  const logs = new LogFiles(places.logs);
  await logs.open(PROGRAMS);
  const ready = new Map<string, Ready>();
  const state = (): Running => ({
    pid: process.pid,
    birth,
    url: installation.url,
    apiServer: `https://127.0.0.1:${installation.ports.api}`,
    startedAt,
    ready: ready.size === PROGRAMS.length,
    programs: supervisor.pids(),
  });
  // Other commands then see what was true before; a full disk must not end what runs.
  const tell = () => void announce(places, state()).catch(() => undefined);
  const startedAt = new Date().toISOString();
  const birth = birthOf(process.pid) ?? '';
  let served = false;
  let ends = 0;
  const trouble = new Map<string, string>();
  const given = Promise.withResolvers<LabError>();
  const supervisor = new Supervisor(systemClock, {
    onLine: (program, line) => {
      logs.write(program, line);
      trouble.set(program, troubleIn(line) ?? trouble.get(program) ?? '');
      events.onLine(program, line);
    },
    onReady: (program, message) => {
      ready.set(program, message);
      tell();
      if (served || ready.size < PROGRAMS.length) return;
      served = true;
      events.onServing([...ready.values()].flatMap(({ notes }) => notes ?? []));
      void forgetSignIns(places.dataDir);
    },
    onExit: (program, how, pause) => {
      ready.delete(program);
      tell();
      events.onExit(program, how, { inMs: pause, served });
      if (served || (ends += 1) < (events.mostStarts ?? Infinity)) return;
      given.resolve(new LabError('ServiceUnavailable', `${program} ${how} before it served. ${trouble.get(program) ?? ''}`.trim()));
    },
  });
  owned.defer(() => withdraw(places));
  await announce(places, state());
  const kept = PROGRAMS.map((name) => supervisor.keep({ ...programOf(name, resolved), within: within[name] }));
  const signal = await Promise.race([nextSignal(), given.promise]);
  // The door first: nobody is let into what is about to go.
  await supervisor.stop('edge', 'SIGTERM');
  await supervisor.stop('control', signal === 'SIGUSR2' ? 'SIGUSR2' : 'SIGTERM');
  await Promise.all(kept);
  if (signal instanceof LabError) throw signal;
}

async function writeResolved({ places, config, edgeUser }: Supervised): Promise<string> {
  const run = join(places.dataDir, 'run');
  await mkdir(run, { recursive: true });
  // The edge runs as another user and must reach its own folder below.
  await chmod(places.dataDir, 0o711);
  await chmod(run, 0o711);
  await writeFile(places.resolved, JSON.stringify({ ...config, edgeUser }), { mode: 0o600 });
  await edgeFolder(join(places.dataDir, 'edge'), edgeUser);
  return places.resolved;
}

/** What the edge alone may read: its client secret at the OpenID provider, and the key that seals sessions. Made once. */
async function edgeFolder(folder: string, user: EdgeUser | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const secrets = { 'client-secret': randomBytes(32).toString('base64url'), 'session-key': randomBytes(32) };
  for (const [name, value] of Object.entries(secrets)) {
    await writeFile(join(folder, name), value, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (user) await chown(join(folder, name), user.uid, user.gid);
  }
  if (user) await chown(folder, user.uid, user.gid);
}

/** The code, its interpreter, and the data directory, in which modes say what is whose. */
function neededByEdge(places: Places): string[] {
  return [ROOT, join(ROOT, 'package.json'), dirname(process.execPath), places.dataDir];
}

function programOf(name: string, config: string): Omit<Program, 'within'> {
  return { name, module: MAIN, args: [name, '--config', config], env: { ...process.env, FORCE_COLOR: undefined } };
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}
