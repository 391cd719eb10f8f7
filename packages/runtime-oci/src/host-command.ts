import { execFile } from 'node:child_process';
import { LabError } from '@crownlabs/std';

/** Runs a program of the host with `input` on its stdin; resolves with its stdout. */
export type HostCommand = (argv: readonly string[], input?: string) => Promise<string>;

/** Runs programs directly. Networks need root. */
export const hostCommand: HostCommand = ([program = '', ...args], input) =>
  new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 16 << 20, timeout: 30_000 }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else reject(failure(program, args, stderr.trim() || error.message, error));
    });
    // A program that ends before it has read its input is judged by its exit code alone.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

function failure(program: string, args: readonly string[], text: string, cause: Error): LabError {
  if ('code' in cause && cause.code === 'ENOENT')
    return new LabError('ServiceUnavailable', `The program ${program} is not installed.`, { cause });
  return new LabError('InternalError', `${program} ${args.join(' ')}: ${text}`, { cause });
}
