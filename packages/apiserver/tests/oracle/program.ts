import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Scope } from '@crownlabs/std';

/** `crownlabs apiserver`, running. */
export interface RunningProgram {
  readonly url: string;
  /** PEM that its certificate is verified with. */
  readonly ca: string;
  /** Of user `admin` in group `system:masters`. */
  readonly token: string;
}

const MAIN = join(import.meta.dirname, '../../../../apps/cli/src/main.ts');
const TOKEN = 'recorded-token';

/** Starts the program as its help says, on a data directory of its own; it ends with `owned`. */
export async function startProgram(owned: Scope): Promise<RunningProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'recorded-api-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, `${TOKEN},admin,admin-uid,"system:masters"\n`);
  const data = join(folder, 'data');
  const flags = ['--data-dir', data, '--secure-port', '0', '--bind-address', '127.0.0.1', '--token-auth-file', tokens];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'apiserver', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  owned.defer(() => {
    child.kill('SIGTERM');
    return ended;
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /"url":"(https:[^"]+)"/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`crownlabs apiserver ended before it served: ${said}`)));
  });
  const kubeconfig = JSON.parse(await readFile(join(data, 'admin.kubeconfig'), 'utf8')) as {
    clusters: [{ cluster: { 'certificate-authority-data': string } }];
  };
  const ca = Buffer.from(kubeconfig.clusters[0].cluster['certificate-authority-data'], 'base64').toString();
  return { url, ca, token: TOKEN };
}
