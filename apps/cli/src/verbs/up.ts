import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ENGINE_PACKAGES, hasProgram, IMAGE_PACKAGES, installPackages } from '@crownlabs/server';
import { LabError } from '@crownlabs/std';
import { decidePorts, orphansGone, running } from '../installation.ts';
import { exitWords, readable } from '../log-lines.ts';
import type { Places } from '../places.ts';
import { readConfiguration } from '../read-configuration.ts';
import { againAsRoot, isRoot } from '../setup/as-root.ts';
import { buildDashboard } from '../setup/dashboard-build.ts';
import { ensureEdgeUser } from '../setup/edge-user.ts';
import { type Supervised, supervise } from '../supervise.ts';
import { paint, say, step } from '../terminal.ts';

/** Flags of `up`. What is absent comes from the configuration file, then from the defaults. */
export interface UpOptions {
  readonly detach: boolean;
  readonly overrides: Readonly<Record<string, unknown>>;
}

/** Sets up what is missing, starts the product, and stays in the foreground unless `detach`. */
export async function up(places: Places, options: UpOptions): Promise<void> {
  const already = await running(places);
  if (already) {
    say(`CrownLabs runs already: ${paint('bold', already.url)}  (stop it with \`crownlabs down\`)`);
    return;
  }
  await orphansGone(places);
  if (!isRoot()) {
    process.exitCode = await againAsRoot();
    return;
  }
  const installation = await prepare(places, options);
  if (options.detach) await startDetached(installation);
  else await runHere(installation);
}

async function prepare(places: Places, { overrides }: UpOptions): Promise<Supervised> {
  const config = await readConfiguration(places, overrides);
  if (!(await hasEngine(config.engineSocket))) await step('Installing Podman', (update) => installPackages(ENGINE_PACKAGES, update));
  if (!config.imageRegistry && !(await hasProgram('mmdebstrap')))
    await step('Installing what builds images', (update) => installPackages(IMAGE_PACKAGES, update));
  await buildDashboard();
  const edgeUser = await ensureEdgeUser();
  const ports = await decidePorts(places, config);
  const url = config.publicURL ?? `http://localhost:${ports.product}`;
  const resolved = {
    ...config,
    dataDir: places.dataDir,
    publicURL: url,
    port: ports.product,
    apiPort: ports.api,
    ...(edgeUser ? { edgeUser } : {}),
  };
  return { places, ports, url, config: resolved, ...(edgeUser ? { edgeUser } : {}) };
}

async function hasEngine(socket: string | undefined): Promise<boolean> {
  const there = await Promise.all(
    [socket ?? '/var/run/docker.sock', '/run/podman/podman.sock'].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (socket && !there[0])
    throw new LabError(
      'NotFound',
      `There is no container engine at ${socket}. Check engineSocket, or leave it out and one is found or installed.`,
    );
  return there.includes(true) || hasProgram('podman');
}

async function runHere(installation: Supervised): Promise<void> {
  say(paint('dim', 'Starting …'));
  await supervise(installation, {
    onServing: (notes) => welcome(installation.url, notes, 'Ctrl-C'),
    onLine: (program, line) => {
      const text = readable(program, line);
      if (text) say(text);
    },
    onExit: (program, how, again) => say(paint('yellow', exitWords(program, how, again))),
  });
  say('Stopped. All data is kept.');
}

/** Says where it is, and by what it is stopped. */
function welcome(url: string, notes: readonly string[], stopper: string): void {
  say();
  say(`  ${paint('green', '●')} CrownLabs is at ${paint('bold', url)}`);
  for (const note of notes) say(`    ${note}`);
  say(paint('dim', `    ${stopper} stops it; \`crownlabs --help\` shows what else there is.`));
  say();
}

/** What the detached process says to the one that started it. */
type Message = { serving: readonly string[] } | { line: string } | { failed: string };

async function startDetached(installation: Supervised): Promise<void> {
  const main = fileURLToPath(new URL('../detached.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.send(installation);
  const notes = await step(
    'Starting',
    (update) =>
      new Promise<readonly string[]>((resolve, reject) => {
        child.on('message', (message: Message) => {
          if ('serving' in message) resolve(message.serving);
          else if ('line' in message) update(message.line);
          else reject(new LabError('InternalError', message.failed));
        });
        child.once('exit', (code) =>
          reject(new LabError('InternalError', `It ended with code ${code} before it served. See ${installation.places.logs}.`)),
        );
      }),
  );
  child.disconnect();
  child.unref();
  welcome(installation.url, notes, '`crownlabs down`');
}
