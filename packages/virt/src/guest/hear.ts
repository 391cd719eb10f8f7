import type { ObjectKey } from '@crownlabs/client';
import { listenToHeart, noticed } from '../emulator/heartbeat.ts';
import { type EmulatorEvent, openMonitor } from '../emulator/session.ts';
import { AGENT_LINE, askAgent, isAgentThere } from './agent-info.ts';
import type { Heard } from './heard.ts';
import { PLACES, SOCKETS } from './places.ts';
import type { SleepTools } from './sleep.ts';

/** A launcher pod that is listened to. */
export interface Listened extends ObjectKey {
  /** Whether its machine was to go on from what was prepared. */
  readonly goesOn: boolean;
  /** What asks the guest whether it serves, as the node does. */
  readonly question: readonly string[] | undefined;
  /** Whether the guest served when the node asked it last. */
  readonly countsAsReady: () => boolean;
}

type Note = (change: (before: Heard) => Heard) => void;

const START_FILE = `${PLACES.run}/start`;
const START_LOOK_MS = 500;
const ANSWER_LOOK_MS = 1_000;

/** Listens to the emulator of a pod, until it is gone or does not answer. */
export async function hear(tools: SleepTools, pod: Listened, note: Note): Promise<void> {
  const { shell, clock, signal } = tools;
  const stream = await shell.open(pod, 'compute', [`${PLACES.programs}/connect`, SOCKETS.events], signal);
  const agent = agentOf(tools, pod, note);
  const resets = resetsOf(tools, pod, note);
  const heard = (said: EmulatorEvent) => {
    const { event, data } = said;
    if (event === 'RESUME') void tellStart(tools, pod, note);
    if (event === 'STOP') note((before) => ({ ...before, paused: true }));
    if (event === 'RESUME') note((before) => ({ ...before, paused: false }));
    if (event === 'RESET') resets(data?.['guest'] === true);
    if (event === 'VSERPORT_CHANGE' && data?.['id'] === AGENT_LINE) agent(data['open'] === true);
  };
  const heart = { clock, signal, frozen: (is: boolean) => note((before) => ({ ...before, frozen: is })) };
  const session = await noticed(openMonitor(stream, heard), heart);
  // The parse border, here and below: the one field of the answer that we read.
  const { enabled: accelerated = false } = (await session.execute('query-kvm')) as { enabled?: boolean };
  note((before) => (before.accelerated === accelerated ? before : { ...before, accelerated }));
  const { status } = (await session.execute('query-status')) as { status?: string };
  if (status === 'paused' || status === 'prelaunch') note((before) => ({ ...before, paused: true }));
  if (isAgentThere(await session.execute('query-chardev'))) agent(true);
  await tellStart(tools, pod, note);
  await listenToHeart(session, heart);
}

/** Hears that an agent in the guest came or went, and asks the one that came. */
function agentOf(tools: SleepTools, pod: ObjectKey, note: Note): (isThere: boolean) => void {
  let turn = 0;
  return (isThere) => {
    turn++;
    const mine = turn;
    if (!isThere) note((before) => (before.agent === undefined ? before : { ...before, agent: undefined }));
    else
      void askAgent(tools, pod).then(
        (agent) => mine === turn && agent && note((before) => ({ ...before, agent })),
        () => undefined,
      );
  };
}

/**
 * Hears that the machine boots anew. Its probe needs half a minute to find out that nobody answers, and a machine that boots in less would never
 * have been away: so it is asked here, until it answers or its probe has found out.
 */
function resetsOf(tools: SleepTools, pod: Listened, note: Note): (byGuest: boolean) => void {
  let turn = 0;
  return (byGuest) => {
    turn++;
    const mine = turn;
    const bootsAnew = pod.question !== undefined && pod.countsAsReady();
    // A reset button is no reboot loop.
    note((before) => ({ ...before, bootsAnew, reboots: byGuest ? [...before.reboots, tools.clock.now()] : before.reboots }));
    if (bootsAnew) void answered(tools, pod, () => mine === turn).then((is) => is && note((before) => ({ ...before, bootsAnew: false })));
  };
}

/** Resolves when the guest answers, or whether it does is known without; `false` when another life of it began meanwhile. */
async function answered({ shell, clock, signal }: SleepTools, pod: Listened, isCurrent: () => boolean): Promise<boolean> {
  while (isCurrent() && pod.countsAsReady() && !signal.aborted) {
    const answers = await shell.run(pod, 'compute', pod.question ?? [], signal).then(
      () => true,
      () => false,
    );
    if (answers) break;
    await clock.sleep(ANSWER_LOOK_MS, signal).catch(() => undefined);
  }
  return isCurrent();
}

/** The launcher says how the machine came up, a moment after it has gone on. */
async function tellStart({ shell, clock, signal }: SleepTools, pod: Listened, note: Note): Promise<void> {
  for (let tries = 0; pod.goesOn && tries < 20; tries++) {
    const said = await shell.run(pod, 'compute', ['cat', START_FILE], signal).catch(() => '');
    const start = said.trim();
    if (start !== '') {
      note((before) => ({ ...before, start }));
      return;
    }
    await clock.sleep(START_LOOK_MS, signal).catch(() => undefined);
  }
}
