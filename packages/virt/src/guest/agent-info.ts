import { z } from 'zod';
import { MonitorSession } from '../emulator/session.ts';
import { PLACES, SOCKETS } from './places.ts';
import type { SleepTools } from './sleep.ts';

/** What an agent in a guest says of it. */
export interface AgentInfo {
  readonly os: Readonly<Record<string, string>>;
  readonly version: string;
}

/** The name by which the emulator speaks of the agent's line. */
export const AGENT_LINE = 'agent';

/** A guest that has just found its agent has more to do at that time. */
const SETTLES_MS = 3_000;
const PATIENCE_MS = 15_000;

/** The words of the agent, and those of KubeVirt. */
const NAMES = [
  ['id', 'id'],
  ['name', 'name'],
  ['pretty-name', 'prettyName'],
  ['version', 'version'],
  ['version-id', 'versionId'],
  ['kernel-release', 'kernelRelease'],
  ['kernel-version', 'kernelVersion'],
  ['machine', 'machine'],
] as const;

const said = z.string().max(256).optional().catch(undefined);
/** A guest may say anything at all: a line or two of it is taken. */
const Os = z.object({
  id: said,
  name: said,
  'pretty-name': said,
  version: said,
  'version-id': said,
  'kernel-release': said,
  'kernel-version': said,
  machine: said,
});
const About = z.object({ version: said });

/** Asks the agent in a guest what runs there. Nothing, where it does not answer in time or does not know. */
export async function askAgent(
  { shell, clock, signal }: SleepTools,
  pod: Parameters<SleepTools['shell']['open']>[0],
): Promise<AgentInfo | undefined> {
  await clock.sleep(SETTLES_MS, signal);
  const agent = new MonitorSession(await shell.open(pod, 'compute', [`${PLACES.programs}/connect`, SOCKETS.agent], signal));
  const hangUp = () => agent.close();
  clock.sleep(PATIENCE_MS, signal).then(hangUp, hangUp);
  try {
    await agent.agree();
    const about = About.parse(await agent.execute('guest-info'));
    return { version: about.version ?? '', os: named(Os.parse(await agent.execute('guest-get-osinfo'))) };
  } catch {
    return undefined;
  } finally {
    hangUp();
  }
}

function named(os: z.infer<typeof Os>): Record<string, string> {
  return Object.fromEntries(NAMES.flatMap(([theirs, ours]) => (os[theirs] === undefined ? [] : [[ours, os[theirs]]])));
}

const Lines = z.array(z.object({ label: z.string(), 'frontend-open': z.boolean() })).catch([]);

/** Whether an agent listens in the guest, by what the emulator says of its lines. */
export function isAgentThere(lines: unknown): boolean {
  return Lines.parse(lines).some((it) => it.label === AGENT_LINE && it['frontend-open']);
}
