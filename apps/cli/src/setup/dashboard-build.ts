import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { LabError } from '@crownlabs/std';
import { ROOT } from '../places.ts';

const DASHBOARD = join(ROOT, 'apps/dashboard');
const STAMP = join(DASHBOARD, 'dist/.source');

/** Builds the dashboard unless the build at hand was made from these very sources. */
export async function buildDashboard(): Promise<void> {
  const source = await digest();
  const built = await readFile(STAMP, 'utf8').catch(() => undefined);
  if (built === source) return;
  await vite();
  await writeFile(STAMP, source);
}

async function digest(): Promise<string> {
  const folders = ['src', 'public'];
  const listings = await Promise.all(
    folders.map((folder) => readdir(join(DASHBOARD, folder), { withFileTypes: true, recursive: true }).catch(() => [])),
  );
  const files = listings
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [
    ...files.toSorted(),
    join(DASHBOARD, 'index.html'),
    join(DASHBOARD, 'vite.config.ts'),
    join(ROOT, 'package-lock.json'),
  ]) {
    hash.update(`${file.slice(ROOT.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

function vite(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
      cwd: DASHBOARD,
      // Whoever starts us may be developing, or testing: what React checks for developers takes a browser twice the time.
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const hear = (chunk: Buffer) => void (output += chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new LabError('InternalError', `The dashboard could not be built:\n${output}`)),
    );
  });
}
