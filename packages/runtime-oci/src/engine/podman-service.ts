import { spawn } from 'node:child_process';
import { access, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LabError } from '@crownlabs/std';
import { connectEngine, type Engine } from './engine.ts';
import type { HostLimits } from './host-limits.ts';
import { writeSeccompProfile } from './seccomp-profile.ts';

/** What our own Podman service is told. The storage is the engine's default, so that images are shared. */
export interface PodmanSettings {
  readonly ociRuntime: string;
  readonly cgroupManager: 'systemd' | 'cgroupfs';
}

/** The settings of a service, and what it is to hold containers to. */
interface ServiceSettings extends PodmanSettings {
  /** File with the filter of system calls; absent: Podman's own. */
  readonly seccompProfile?: string;
}

/** The settings as `containers.conf`. https://github.com/containers/common/blob/main/docs/containers.conf.5.md */
export function containersConf(
  { ociRuntime, cgroupManager, seccompProfile }: ServiceSettings,
  { openFiles, processes }: HostLimits,
): string {
  return [
    '# Written by CrownLabs at each start for its own Podman service.',
    '[containers]',
    `default_ulimits = ["nofile=${openFiles}:${openFiles}", "nproc=${processes}:${processes}"]`,
    'log_driver = "k8s-file"',
    ...(seccompProfile === undefined ? [] : [`seccomp_profile = "${seccompProfile}"`]),
    '[engine]',
    `runtime = "${ociRuntime}"`,
    `cgroup_manager = "${cgroupManager}"`,
    'events_logger = "file"',
    '',
  ].join('\n');
}

/** A Podman service on a socket of our own. */
export interface PodmanService {
  readonly engine: Engine;
  /** Ends the service. Containers stay: they are not its children. */
  stop(): Promise<void>;
}

const WAIT_MS = 15_000;
const STOP_MS = 1_500;

/** Starts `podman system service`, or finds the one that an earlier process with the same settings left running. */
export async function startPodmanService(directory: string, settings: PodmanSettings, limits: HostLimits): Promise<PodmanService> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(directory, name);
  const filtered = await writeSeccompProfile(path('seccomp.json'));
  const conf = containersConf({ ...settings, ...(filtered ? { seccompProfile: path('seccomp.json') } : {}) }, limits);
  const ulimits = [
    { Name: 'nofile', Soft: limits.openFiles, Hard: limits.openFiles },
    { Name: 'nproc', Soft: limits.processes, Hard: limits.processes },
  ];
  const socket = path('podman.sock');
  const stop = () => stopPodmanService(directory).then(() => undefined);
  const before = await readFile(path('containers.conf'), 'utf8').catch(() => '');
  if (before === conf) {
    const engine = await connectEngine(socket, ulimits).catch(() => undefined);
    if (engine) return { engine, stop };
  }
  await stop();
  await rm(socket, { force: true });
  await writeFile(path('containers.conf'), conf);
  await launch(path, socket);
  return { engine: await answering(socket, ulimits, path('podman.log')), stop };
}

/** Ends the service of this directory, whoever started it and however that one ended. Says whether there was one. */
export async function stopPodmanService(directory: string): Promise<boolean> {
  const pid = await serviceOf(directory);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  // It waits for open streams, which nobody reads any more. It holds nothing that an abrupt end could hurt: containers are not its children.
  if (!(await ended(pid))) {
    process.kill(pid, 'SIGKILL');
    await ended(pid);
  }
  await rm(join(directory, 'podman.pid'), { force: true });
  return true;
}

/** The process that serves the directory's socket. The number kept may belong to somebody else by now, and may never have been written: the command line decides. */
async function serviceOf(directory: string): Promise<number | undefined> {
  const socket = join(directory, 'podman.sock');
  const isIt = async (pid: number) => {
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    return command.slice(1, 3).join(' ') === 'system service' && command.includes(`unix://${socket}`);
  };
  const kept = Number(await readFile(join(directory, 'podman.pid'), 'utf8').catch(() => ''));
  if (Number.isInteger(kept) && kept > 1 && (await isIt(kept))) return kept;
  const served = await access(socket).then(
    () => true,
    () => false,
  );
  if (!served) return undefined;
  for (const name of await readdir('/proc')) if (/^\d+$/.test(name) && (await isIt(Number(name)))) return Number(name);
  return undefined;
}

async function ended(pid: number): Promise<boolean> {
  for (let waited = 0; waited < STOP_MS; waited += 20) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command === '') return true;
    await pause(20);
  }
  return false;
}

async function launch(path: (name: string) => string, socket: string): Promise<void> {
  await using log = await open(path('podman.log'), 'w');
  // In a session of its own: Ctrl-C in our terminal must not end it before us, nor our death take it along.
  const child = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
    detached: true,
    // The container monitor leaves notes (a file `oom`) where it was started.
    cwd: path('.'),
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', CONTAINERS_CONF: path('containers.conf') },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new LabError('ServiceUnavailable', 'Podman is not installed.', { cause })));
  });
  child.unref();
  await writeFile(path('podman.pid'), String(child.pid));
}

async function answering(socket: string, ulimits: Engine['ulimits'], logFile: string): Promise<Engine> {
  for (let waited = 0; waited < WAIT_MS; waited += 25) {
    const engine = await connectEngine(socket, ulimits).catch(() => undefined);
    if (engine) return engine;
    await pause(25);
  }
  const log = await readFile(logFile, 'utf8').catch(() => '');
  throw new LabError('ServiceUnavailable', `Podman's service did not start: ${log.trim().split('\n').at(-1) ?? 'it said nothing'}`);
}
