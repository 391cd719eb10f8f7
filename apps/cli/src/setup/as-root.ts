import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';
import { hasProgram } from '@crownlabs/server';
import { LabError } from '@crownlabs/std';
import { paint, say } from '../terminal.ts';

const KEPT = /^(CROWNLABS_|NODE_|(no|https?)_proxy$|NO_COLOR$|LANG$)/i;

/** Whether this process may give environments their networks and limits. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Runs this very command again as root, through sudo, and resolves to its exit code. Where sudo cannot help, the error says what to type. */
export async function againAsRoot(): Promise<number> {
  const ask = process.stdin.isTTY;
  const can = (await hasProgram('sudo')) && (ask || spawnSync('sudo', ['-n', 'true']).status === 0);
  if (!can)
    throw new LabError(
      'Forbidden',
      'CrownLabs gives each student a network and limits of their own, which takes root. Type: sudo ./crownlabs up  (or, as root: ./crownlabs up)',
    );
  say(paint('dim', 'Networks and limits of environments take root: going on with sudo …'));
  const kept = Object.keys(process.env).filter((name) => KEPT.test(name));
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('sudo', [...(ask ? [] : ['-n']), `--preserve-env=${kept.join(',')}`, '--', ...command], { stdio: 'inherit' });
  // Ctrl-C reaches the whole process group: the one below ends in its order, and this one after it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
