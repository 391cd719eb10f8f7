import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '@crownlabs/std';

/** What a guest of one page became on this machine's processor. */
export interface KvmProbe {
  readonly runs: boolean;
  /** For people. */
  readonly found: string;
}

const PROBE = ['perl', fileURLToPath(new URL('kvm-probe.pl', import.meta.url))];
/** It needs a hundredth of a second where guests run at all. */
const PATIENCE_MS = 5_000;

/** Boots the smallest guest there is on the processor itself. A device that opens proves nothing: it may run no guest, or never come back. */
export async function probeKvm([program = '', ...args]: readonly string[] = PROBE, timeout = PATIENCE_MS): Promise<KvmProbe> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout, killSignal: 'SIGKILL' });
    return verdict(stdout.trim());
  } catch (error) {
    const killed = error instanceof Error && 'killed' in error && error.killed === true;
    if (killed) return { runs: false, found: 'a guest on the processor itself hangs, though /dev/kvm is there' };
    return { runs: false, found: `it could not be found out whether the processor runs guests: ${messageOf(error).split('\n')[0]}` };
  }
}

function verdict(said: string): KvmProbe {
  if (said === 'runs') return { runs: true, found: 'the processor runs guests itself' };
  if (said.startsWith('refused: No such file')) return { runs: false, found: 'there is no /dev/kvm' };
  return { runs: false, found: `/dev/kvm is there, and a guest does not run (${said})` };
}
