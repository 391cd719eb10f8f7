import { readFile } from 'node:fs/promises';

/** What this process, and so an engine that it starts, may grant at most. */
export interface HostLimits {
  readonly openFiles: number;
  readonly processes: number;
}

const MOST_FILES = 1_048_576;
const MOST_PROCESSES = 4_194_304;

/** Reads the hard limits. An engine that asks the kernel for more fails to start any container. */
export async function hostLimits(): Promise<HostLimits> {
  const [limits, pidMax] = await Promise.all([readFile('/proc/self/limits', 'utf8'), readFile('/proc/sys/kernel/pid_max', 'utf8')]);
  const hard = (label: string, most: number) => {
    const value = new RegExp(`^${label}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits)?.[1];
    return value ? Math.min(Number(value), most) : most;
  };
  // Podman's service lowers its own process limit to pid_max, and cannot grant more afterwards.
  return { openFiles: hard('Max open files', MOST_FILES), processes: Math.min(hard('Max processes', MOST_PROCESSES), Number(pidMax)) };
}
