import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LabError } from '@crownlabs/std';

/** How a program runs. */
export interface ProgramOptions {
  readonly signal: AbortSignal;
  /** Every line it prints, on either stream. A line ends with a return too, as those of progress do. */
  readonly onLine?: (line: string) => void;
}

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

/** Runs a program to its end and gives what it printed. Fails with the last line of its complaint. */
export async function runProgram(command: string, parameters: readonly string[], { signal, onLine }: ProgramOptions): Promise<string> {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], signal, env: ENVIRONMENT });
  let complaint = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line));
  createInterface({ input: child.stderr }).on('line', (line) => {
    complaint = line;
    onLine?.(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new LabError('InternalError', `${command} ended with ${code}${complaint && `: ${complaint}`}`);
  return output;
}
