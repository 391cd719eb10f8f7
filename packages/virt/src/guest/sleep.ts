import type { Duplex } from 'node:stream';
import type { ObjectKey } from '@crownlabs/client';
import { type Clock, LabError } from '@crownlabs/std';
import type { PodShell } from '../doors/shell.ts';
import { MonitorSession, openMonitor } from '../emulator/session.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { claimOf, disksOf, volumeOf } from './drives.ts';
import { PLACES, SOCKETS } from './places.ts';

/** What putting a guest to sleep needs. */
export interface SleepTools {
  readonly shell: PodShell;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const UNWRITTEN = 'The memory of the machine could not be written.';
const LOOK_MS = 100;
/** Each question is a line in the log of the guest. */
const AGENT_LOOK_MS = 500;
/** As fast as it goes, and the last part however long it takes: the guest does not notice. */
const UNHURRIED = { 'max-bandwidth': 2 ** 40, 'downtime-limit': 2_000_000 };

/** Where the memory of a sleeping machine is: beside its first disk, which stays when its pod goes. */
export function memoryFile(spec: GuestSpec): string | undefined {
  const volume = writable(spec).find((it) => claimOf(volumeOf(spec, it)) !== undefined);
  return volume === undefined ? undefined : `${PLACES.claims}/${volume}/memory`;
}

/** Why a machine cannot sleep, in words. Memory that remembers a disk which is gone is worse than none. */
export function sleepFault(spec: GuestSpec): string | undefined {
  const fleeting = writable(spec).find((name) => claimOf(volumeOf(spec, name)) === undefined);
  if (fleeting !== undefined) return `The disk ${fleeting} of the machine is not kept when it stops, so its memory cannot be kept either.`;
  return memoryFile(spec) === undefined ? 'The machine has no disk that its memory could be kept beside.' : undefined;
}

function writable(spec: GuestSpec): string[] {
  const isWritten = ({ cdrom, disk }: { cdrom?: unknown; disk?: { readonly?: boolean | undefined } | undefined }) =>
    cdrom === undefined && disk?.readonly !== true;
  const disks = disksOf(spec)
    .filter(isWritten)
    .map(({ name }) => name);
  return disks.filter((name) => volumeOf(spec, name).cloudInitNoCloud === undefined);
}

/** A machine that is to sleep. */
export interface Sleeper {
  readonly pod: ObjectKey;
  /** Where its memory goes. */
  readonly file: string;
  /** Whether folders of ours are plugged in. */
  readonly folders: boolean;
  /** Whether others are to go on from it. */
  readonly isPrepared: boolean;
  /** Called when the memory is safe, before the machine ends. */
  readonly kept: () => Promise<void>;
}

/**
 * Writes the memory of a running machine beside its disk, tells `kept`, and ends the machine. Nothing has happened when it throws: the machine
 * runs on.
 */
export async function putToSleep(tools: SleepTools, { pod, file, folders, isPrepared, kept }: Sleeper): Promise<void> {
  const { shell, signal } = tools;
  if (isPrepared) await makeNobodys(tools, pod);
  const monitor = await openMonitor(await connect(tools, pod, SOCKETS.control));
  try {
    // Saved before, and whoever did that ended before the emulator did.
    if ((await statusOf(monitor, 'query-status')) !== 'postmigrate') await saveWithoutFolders(tools, { pod, file, monitor }, folders);
    await shell.run(pod, 'compute', [`${PLACES.programs}/keep-memory`, file, 'complete'], signal);
    await kept();
    await monitor.execute('quit').catch(() => undefined);
  } finally {
    monitor.close();
  }
}

/** What is let go is remembered, for it need not stand in the guest's table of file systems. */
const LET_GO = `grep ' 9p ' /proc/mounts >/run/crownlabs-folders; umount -a -t 9p`;

/** The program of the launcher that mounts it again. */
function mountAgain({ shell, signal }: SleepTools, pod: ObjectKey): Promise<string> {
  return shell.run(pod, 'compute', ['cat', `${PLACES.programs}/mount-folders`], signal);
}

interface Saving {
  readonly pod: ObjectKey;
  readonly file: string;
  readonly monitor: MonitorSession;
}

/**
 * The emulator keeps no memory of a machine that has folders of ours open. An agent in the guest lets them go; where there is none, or something
 * in the guest uses them, the emulator says so.
 */
async function saveWithoutFolders(tools: SleepTools, saving: Saving, folders: boolean): Promise<void> {
  if (folders) await inGuest(tools, saving.pod, '/bin/sh', ['-c', LET_GO]);
  try {
    await save(tools, saving);
  } catch (error) {
    if (folders) await inGuest(tools, saving.pod, '/bin/sh', ['-c', await mountAgain(tools, saving.pod)]);
    throw error;
  }
}

async function save({ shell, clock, signal }: SleepTools, { pod, file, monitor }: Saving): Promise<void> {
  const writer = await shell.open(pod, 'compute', [`${PLACES.programs}/keep-memory`, file], signal);
  try {
    const socket = await firstLine(writer, /^listens at (.+)$/m);
    await monitor.execute('migrate-set-parameters', UNHURRIED);
    await monitor.execute('migrate', { uri: `unix:${socket}` });
    await written({ clock, signal }, monitor);
  } finally {
    writer.destroy();
  }
}

async function written({ clock, signal }: Pick<SleepTools, 'clock' | 'signal'>, monitor: MonitorSession): Promise<void> {
  for (;;) {
    // The parse border: the two fields of the answer that we read.
    const { status, 'error-desc': why = '' } = (await monitor.execute('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw new LabError('InternalError', `${UNWRITTEN} ${why}`.trim());
    await clock.sleep(LOOK_MS, signal);
  }
}

async function statusOf(monitor: MonitorSession, question: string): Promise<string> {
  const answer = await monitor.execute(question);
  // The parse border: the one field of the answer that we read.
  return (answer as { status?: string }).status ?? '';
}

/** What the first line of a program says. */
async function firstLine(stream: Duplex, form: RegExp): Promise<string> {
  let text = '';
  stream.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [, found] = form.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    stream.once('close', () => reject(new LabError('InternalError', UNWRITTEN)));
  });
}

function connect({ shell, signal }: SleepTools, pod: ObjectKey, socket: string): Promise<Duplex> {
  return shell.open(pod, 'compute', [`${PLACES.programs}/connect`, socket], signal);
}

const AGENT_MS = 5_000;

const PREPARE_MS = 600_000;

/** Takes away what makes the guest this one machine. Only an image that knows how can be gone on from. */
async function makeNobodys(tools: SleepTools, pod: ObjectKey): Promise<void> {
  const agent = new MonitorSession(await connect(tools, pod, SOCKETS.agent));
  const late = tools.clock.sleep(PREPARE_MS, tools.signal).then(() => {
    throw new LabError('ServiceUnavailable', 'its agent did not answer in time');
  });
  const done = runByAgent(agent, tools, { path: '/usr/lib/crownlabs/prepare', arg: [] });
  try {
    const code = await Promise.race([done, late]);
    if (code !== 0) throw new LabError('InternalError', `preparing ended with code ${code} in the machine`);
  } finally {
    agent.close();
    await done.catch(() => undefined);
    late.catch(() => undefined);
  }
}

/** Runs a program in the guest, where an agent in it answers in time; what comes of it shows in what is asked of the emulator next. */
async function inGuest(tools: SleepTools, pod: ObjectKey, path: string, words: readonly string[]): Promise<void> {
  const agent = new MonitorSession(await connect(tools, pod, SOCKETS.agent));
  const done = runByAgent(agent, tools, { path, arg: words });
  await Promise.race([done, tools.clock.sleep(AGENT_MS, tools.signal)]).catch(() => undefined);
  agent.close();
  await done.catch(() => undefined);
}

async function runByAgent(
  agent: MonitorSession,
  { clock, signal }: SleepTools,
  program: { path: string; arg: readonly string[] },
): Promise<number> {
  await agent.agree();
  // The parse border, here and below: a number by which the agent knows the program, and whether that has ended.
  const { pid } = (await agent.execute('guest-exec', program)) as { pid?: number };
  for (;;) {
    const { exited, exitcode = 0 } = (await agent.execute('guest-exec-status', { pid })) as { exited?: boolean; exitcode?: number };
    if (exited === true) return exitcode;
    await clock.sleep(AGENT_LOOK_MS, signal);
  }
}
