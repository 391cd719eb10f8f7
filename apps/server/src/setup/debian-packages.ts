import { execFile, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import process from 'node:process';
import { promisify } from 'node:util';
import { LabError } from '@crownlabs/std';

const run = promisify(execFile);

/** Whether a program is on the search path. */
export async function hasProgram(name: string): Promise<boolean> {
  const places = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':').filter(Boolean);
  const found = await Promise.all(
    places.map((place) =>
      access(`${place}/${name}`).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** The packages of the list that are not installed. */
export async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages]).catch(
    (error: { stdout?: string }) => ({
      stdout: error.stdout ?? '',
    }),
  );
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs Debian packages that are missing. Needs root, or sudo without a question; otherwise the error says what to type.
 * `onLine` hears what apt prints.
 */
export async function installPackages(packages: readonly string[], onLine: (line: string) => void): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  const sudo = await privilege(missing);
  await apt([...sudo, 'apt-get', 'update', '-q'], onLine).catch(() =>
    onLine('apt-get update failed; going on with the package lists at hand'),
  );
  await apt([...sudo, 'apt-get', 'install', '-q', '-y', '--no-install-recommends', ...missing], onLine);
}

async function privilege(missing: readonly string[]): Promise<string[]> {
  const type = `sudo apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!(await hasProgram('apt-get')))
    throw new LabError(
      'ServiceUnavailable',
      `This needs ${missing.join(', ')}, and there is no apt-get to install it. Install it your system's way.`,
    );
  if (process.getuid?.() === 0) return [];
  const quiet = await run('sudo', ['-n', 'true']).then(
    () => true,
    () => false,
  );
  if (quiet) return ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND'];
  throw new LabError('Forbidden', `This needs ${missing.join(', ')}. Type this, then run the command again:\n\n  ${type}\n`);
}

function apt([program = '', ...args]: readonly string[], onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
    const tail: string[] = [];
    const hear = (chunk: Buffer) => {
      for (const line of chunk
        .toString()
        .split('\n')
        .filter((text) => text.trim())) {
        tail.push(line);
        onLine(line);
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new LabError('ServiceUnavailable', `${program} ${args.join(' ')} failed:\n${tail.slice(-8).join('\n')}`));
    });
  });
}
