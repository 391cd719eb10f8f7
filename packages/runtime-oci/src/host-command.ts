import { execFile } from 'node:child_process';
import { LabError } from '@crownlabs/std';

/** Runs a program of the host with `input` on its stdin; resolves with its stdout. */
export type HostCommand = (argv: readonly string[], input?: string) => Promise<string>;

/** Runs programs directly, several at a time. Networks need root. */
export const hostCommand: HostCommand = (argv, input) =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = argv;
    const child = execFile(program, args, { maxBuffer: 16 << 20, timeout: 30_000 }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else reject(commandFailure(argv, error.code, stderr.trim() || error.message, error));
    });
    // A program that ends before it has read its input is judged by its exit code alone.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

/** Why a program of the host failed, in words; `ENOENT` means that it is not there. */
export function commandFailure(argv: readonly string[], code: string | number | null | undefined, text: string, cause?: unknown): LabError {
  if (code === 'ENOENT') return new LabError('ServiceUnavailable', `The program ${argv[0]} is not installed.`, { cause });
  return new LabError('InternalError', `${argv.join(' ')}: ${text}`, { cause });
}
