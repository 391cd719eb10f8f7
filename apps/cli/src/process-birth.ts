import { readFileSync } from 'node:fs';
import process from 'node:process';

/** When a process began, such that no other of the same number, before or after, also not after a reboot, has the same. Undefined when there is none. */
export function birthOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat && `${read('/proc/sys/kernel/random/boot_id').trim()}/${stat.started}`;
}

/** Whether the process of that number and birth runs. One that has ended and whose parent did not ask how (in many containers nobody does) runs no more. */
export function isRunning({ pid, birth }: { readonly pid: number; readonly birth: string }): boolean {
  return birthOf(pid) === birth && statOf(pid)?.state !== 'Z';
}

/** The arguments of a process; empty when there is none. */
export function argumentsOf(pid: number): readonly string[] {
  return read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
}

/** Asks a process to end, if it is still there. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Fields 3 and 22 of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name before them may hold anything, brackets too. */
function statOf(pid: number): { state: string; started: string } | undefined {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return state && started ? { state, started } : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
