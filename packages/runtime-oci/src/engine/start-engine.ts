import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, messageOf } from '@crownlabs/std';
import { type Finding, fine, trouble } from '../finding.ts';
import { connectEngine, type Engine } from './engine.ts';
import { startFirstContainer } from './first-container.ts';
import { type HostLimits, hostLimits } from './host-limits.ts';
import { installed, lookAtMachine, type Machine } from './machine.ts';
import { type PodmanSettings, startPodmanService } from './podman-service.ts';

/** How to find or start an engine. */
export interface EngineOptions {
  /** Where our own Podman service keeps its socket, settings and log. */
  readonly directory: string;
  /** A socket that the administrator chose (`unix:///run/docker.sock` or a path); nothing else is tried then. */
  readonly socket?: string;
  /** Start a container even if this engine has done so since the machine was booted: for who wants to know it now. */
  readonly proveAnew?: boolean;
}

/** The outcome: an engine that has started a container, or findings that say why there is none. */
export interface EngineStart {
  readonly engine: Engine | undefined;
  readonly findings: readonly Finding[];
  /** Brings our own Podman service back after its death; an engine of the machine is not ours to start. */
  revive(): Promise<void>;
  /** Ends our own Podman service; does nothing to an engine of the machine. Containers stay. */
  stop(): Promise<void>;
}

const SOCKETS = ['/var/run/docker.sock', '/run/podman/podman.sock'];

interface Candidate {
  readonly name: string;
  open(): Promise<{ engine: Engine; revive(): Promise<void>; stop(): Promise<void> }>;
}

/**
 * Finds an engine and proves it by starting a container. Podman is run as a service of our own, because only then its settings are ours;
 * Docker is taken as it is. Never throws for what is wrong with the machine: the findings say it.
 */
export async function startEngine(options: EngineOptions): Promise<EngineStart> {
  const [machine, limits] = await Promise.all([lookAtMachine(), hostLimits()]);
  const findings: Finding[] = machineFindings(machine, limits);
  const candidates = await candidatesFor(options, machine, limits);
  if (candidates.length === 0) {
    findings.push(trouble('engine', 'There is neither Podman nor Docker.', 'Type: sudo apt-get install podman runc'));
  }
  const failures: string[] = [];
  for (const candidate of candidates) {
    const started = await prove(options, candidate).catch((error: unknown) => void failures.push(`${candidate.name}: ${messageOf(error)}`));
    if (!started) continue;
    const did = failures.length > 0 ? `Chose ${candidate.name} after: ${failures.join(' · ')}` : '';
    findings.push(fine('engine', `${started.engine.version}, ${candidate.name}, started a container`, did));
    return { ...started, findings };
  }
  if (failures.length > 0) findings.push(trouble('engine', failures.join(' · '), adviceFor(failures.join(' '))));
  return { engine: undefined, findings, revive: nothing, stop: nothing };
}

/** One at a time: whoever asks while it happens waits for the same. */
function together(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

const nothing = () => Promise.resolve();

/** What has started a container since the machine was booted need not do it again. */
async function prove({ directory, proveAnew = false }: EngineOptions, candidate: Candidate) {
  const opened = await candidate.open();
  const proof = `${candidate.name} ${opened.engine.version} ${await bootId()}`;
  const file = join(directory, 'proved');
  try {
    if (!proveAnew && (await readFile(file, 'utf8').catch(() => '')) === proof) return opened;
    await startFirstContainer(opened.engine);
    await mkdir(directory, { recursive: true });
    await writeFile(file, proof);
    return opened;
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

async function bootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
}

async function candidatesFor(options: EngineOptions, machine: Machine, limits: HostLimits): Promise<readonly Candidate[]> {
  const foreign = (path: string): Candidate => ({
    name: `on ${path}`,
    open: async () => ({ engine: await connectEngine(path), revive: nothing, stop: nothing }),
  });
  if (options.socket) return [foreign(options.socket.replace(/^unix:\/\//, ''))];
  const own = machine.root && (await installed('podman')) ? settingsFor(machine) : [];
  const sockets = await Promise.all(SOCKETS.map(async (path) => ((await answers(path)) ? [foreign(path)] : [])));
  return [
    ...own.map((settings) => ({
      name: `own service with ${settings.ociRuntime} and ${settings.cgroupManager}`,
      open: async () => {
        const start = () => startPodmanService(options.directory, settings, limits);
        const { engine, stop } = await start();
        return { engine, stop, revive: together(() => start().then(() => undefined)) };
      },
    })),
    ...sockets.flat(),
  ];
}

async function answers(path: string): Promise<boolean> {
  return connectEngine(path).then(
    () => true,
    () => false,
  );
}

/** Settings in the order of their hope. */
function settingsFor(machine: Machine): readonly PodmanSettings[] {
  const preferred = machine.mixedCgroups ? ['runc', 'crun'] : ['crun', 'runc'];
  const runtimes = preferred.filter((runtime) => machine.runtimes.includes(runtime));
  const managers = machine.systemd ? (['systemd', 'cgroupfs'] as const) : (['cgroupfs'] as const);
  return runtimes.flatMap((ociRuntime) => managers.map((cgroupManager) => ({ ociRuntime, cgroupManager })));
}

function machineFindings(machine: Machine, limits: HostLimits): Finding[] {
  const { missingPrograms, runtimes } = machine;
  return [
    machine.root ? fine('root', 'Runs as root') : trouble('root', 'Does not run as root.', 'Type: sudo ./crownlabs up'),
    missingPrograms.length === 0
      ? fine('programs', 'ip, nft, nsenter and sysctl are installed')
      : trouble('programs', `Missing: ${missingPrograms.join(', ')}`, 'Type: sudo apt-get install iproute2 nftables util-linux procps'),
    fine(
      'limits',
      `Containers get at most ${limits.openFiles} open files and ${limits.processes} processes`,
      'Asked the engine for no more than that',
    ),
    machine.mixedCgroups
      ? fine(
          'cgroups',
          'The old and the new control groups are both in use, which crun refuses',
          runtimes.includes('runc') ? 'Chose runc' : '',
        )
      : fine('cgroups', 'Control groups are of one kind'),
    machine.systemd
      ? fine('systemd', 'systemd manages control groups')
      : fine('systemd', 'No systemd', 'Chose cgroupfs and a log of our own'),
  ];
}

function adviceFor(failures: string): string {
  if (/^on [^·]*answers on/.test(failures)) return 'Start the engine that should listen there, or choose another one with engineSocket.';
  if (/crun|runc|OCI runtime/i.test(failures) && !/runc create/.test(failures)) return 'Type: sudo apt-get install runc';
  if (/no space left|disk is full/i.test(failures)) return 'Free some disk space and try again.';
  if (/permission denied|operation not permitted/i.test(failures))
    return 'The machine forbids what containers need; run on a full machine or VM.';
  return 'See the log of the engine; `podman run --rm` with any image shows the same error.';
}

/** The engine, or an error that says in one paragraph why there is none. */
export function requireEngine({ engine, findings }: EngineStart): Engine {
  if (engine) return engine;
  const bad = findings.filter(({ ok }) => !ok).map(({ found, advice }) => `${found} ${advice}`);
  throw new LabError('ServiceUnavailable', `No container engine works here. ${bad.join(' ')}`);
}
