import type { Duplex } from 'node:stream';
import type { ObjectKey } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { type EmulatorEvent, MonitorSession, openMonitor } from '../emulator/session.ts';
import { PLACES, SOCKETS } from './places.ts';
import type { SleepTools } from './sleep.ts';

/** A disk of a running machine that is to be copied as it is now. */
export interface LiveDisk {
  readonly pod: ObjectKey;
  /** Where it stands in the order of the machine's disks. */
  readonly index: number;
  /** Where the copy goes, in the launcher pod. */
  readonly file: string;
  /** Whether the disk leans on an image, as its copy then does. */
  readonly leans: boolean;
}

const COMPLETED = 'BLOCK_JOB_COMPLETED';
const AGENT_MS = 3_000;

/** Copies a disk as it is at one moment, while the machine goes on. Where an agent in the guest hears it, its file systems hold still for that moment. */
export async function copyLiveDisk(tools: SleepTools, disk: LiveDisk): Promise<void> {
  const ended = new JobEnd();
  const monitor = await openMonitor(await dial(tools, disk.pod, SOCKETS.control), (event) => ended.hear(event));
  try {
    const thaw = await freeze(tools, disk.pod);
    try {
      await monitor.execute('drive-backup', {
        device: `disk${disk.index}`,
        'job-id': 'snapshot',
        target: disk.file,
        sync: disk.leans ? 'top' : 'full',
        format: disk.leans ? 'qcow2' : 'raw',
      });
    } finally {
      await thaw();
    }
    await Promise.race([
      ended.seen,
      monitor.closed.then(() => Promise.reject(new LabError('ServiceUnavailable', 'The machine ended meanwhile.'))),
    ]);
  } finally {
    monitor.close();
  }
}

/** Waits for the end of the copy. */
class JobEnd {
  readonly #end = Promise.withResolvers<void>();
  readonly seen = this.#end.promise;

  constructor() {
    this.seen.catch(() => undefined);
  }

  hear({ event, data }: EmulatorEvent): void {
    if (event !== COMPLETED && event !== 'BLOCK_JOB_CANCELLED') return;
    const why = data?.['error'];
    if (event === COMPLETED && why === undefined) this.#end.resolve();
    else
      this.#end.reject(
        new LabError('InternalError', `The disk could not be copied: ${typeof why === 'string' ? why : 'it was called off'}.`),
      );
  }
}

/** Holds the guest's file systems still, where its agent can; returns the way to let them go on. */
async function freeze(tools: SleepTools, pod: ObjectKey): Promise<() => Promise<void>> {
  const agent = new MonitorSession(await dial(tools, pod, SOCKETS.agent));
  const asked = agent.execute('guest-fsfreeze-freeze');
  const frozen = await Promise.race([asked.then(() => true), tools.clock.sleep(AGENT_MS, tools.signal).then(() => false)]).catch(
    () => false,
  );
  return async () => {
    // Also an agent that heard it late lets go.
    const thawed = agent.execute('guest-fsfreeze-thaw').catch(() => undefined);
    if (frozen) await Promise.race([thawed, tools.clock.sleep(AGENT_MS, tools.signal)]);
    agent.close();
    await asked.catch(() => undefined);
  };
}

function dial({ shell, signal }: SleepTools, pod: ObjectKey, socket: string): Promise<Duplex> {
  return shell.open(pod, 'compute', [`${PLACES.programs}/connect`, socket], signal);
}
