import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The root of the clone. */
export const ROOT = resolve(import.meta.dirname, '..');

/** The command of the clone. */
export const LAUNCHER = join(ROOT, 'crownlabs');

/** Runs a program to its end. Never rejects for its exit code. */
export function run(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; timeoutMs?: number } = {},
) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      timeout: options.timeoutMs ?? 120_000,
    });
    const outputs = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => void (outputs.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (outputs.stderr += chunk.toString()));
    // A program may end without reading what it is given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.once('error', reject);
    child.once('close', (code) => done({ code: code ?? 128, ...outputs }));
  });
}

/** The part of a processor that we get at this moment: 1 where nobody else works. Takes a third of a second. */
export function processorShare(): number {
  const begun = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - begun < 333);
  const { user, system } = process.cpuUsage(before);
  return Math.min(1, (user + system) / 1_000 / (performance.now() - begun));
}
