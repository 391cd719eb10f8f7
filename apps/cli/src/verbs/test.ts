import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DISK_PACKAGES, ENGINE_PACKAGES, IMAGE_PACKAGES, installPackages } from '@crownlabs/server';
import { ROOT } from '../places.ts';
import { buildDashboard } from '../setup/dashboard-build.ts';
import { say, step } from '../terminal.ts';

/** What the tests use beside the product itself: a browser, a VNC server to relay, a static program for tiny images, unzip for kubectl's package, ssh for machines. */
const TEST_PACKAGES = ['chromium', 'tigervnc-standalone-server', 'busybox-static', 'unzip', 'openssh-client'];

/** The images that the tests need, those that most of them wait for first. */
const TEST_IMAGES = ['terminal', 'desktop', 'jupyter', 'vm-launcher', 'vm-server', 'vm-desktop'];

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Sets everything up, runs the checks and every test, and ends with the line `N passed, N failed`. Returns the exit code. */
export async function test(patterns: readonly string[]): Promise<number> {
  // What only waits for a network or is needed late goes on beside what computes; the images first of all, which take longest.
  const packages = step('Packages for the tests', (update) =>
    installPackages([...ENGINE_PACKAGES, ...IMAGE_PACKAGES, ...DISK_PACKAGES, ...TEST_PACKAGES], update),
  );
  const images = packages.then(makeImages, () => undefined);
  const [checks] = await Promise.all([prepare(patterns), packages]);
  const tests = await runTests(patterns);
  await images;
  const failed = checks.failed + tests.failed;
  console.log(`\n${checks.passed + tests.passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** What needs nothing of Debian: the dashboard, and unless single files are asked for, the static checks. */
async function prepare(patterns: readonly string[]): Promise<Tally> {
  await step('Dashboard', () => buildDashboard());
  return patterns.length > 0 ? { passed: 0, failed: 0 } : runChecks();
}

/** Makes the environment images that are missing, and says how far it is. What goes wrong fails nothing here: the product tries again, and tells. */
async function makeImages(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-images-'));
  const command = ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('../main.ts', import.meta.url))];
  const child = spawn(process.execPath, [...command, '--data-dir', dataDir, 'image', 'build', '--missing', ...TEST_IMAGES], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  createInterface({ input: child.stderr }).on('line', (line) => say(`images: ${line}`));
  await new Promise((done) => child.once('error', done).once('close', done));
  await rm(dataDir, { recursive: true, force: true });
}

/** Runs the scenarios of the operators against a cluster, or against an API of their own, and ends with the line `N passed, N failed`. */
export async function testOperators(kubeconfig: string | undefined): Promise<number> {
  const env = kubeconfig === undefined ? {} : { CROWNLABS_TEST_KUBECONFIG: resolve(kubeconfig) };
  // Somebody else's cluster may take minutes for what ours does in a second.
  const patience = kubeconfig === undefined ? [] : ['--testTimeout=900000'];
  const { passed, failed } = await runTests(['--project', 'e2e', ...patience, 'e2e/operators/'], env);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

async function runChecks(): Promise<Tally> {
  const { code, output } = await run(['tools/check.ts', '--static']);
  const passed = output.match(/^✓ /gm)?.length ?? 0;
  const failed = output.match(/^✗ /gm)?.length ?? 0;
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

async function runTests(patterns: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...patterns], env);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true });
  if (!text) return { passed: 0, failed: 1 };
  const { numPassedTests: passed, numFailedTests: failed }: { numPassedTests: number; numFailedTests: number } = JSON.parse(text);
  // A file that cannot be loaded, or an error outside of any test, has no test of its own to fail.
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<{ code: number; output: string }> {
  return new Promise((done, reject) => {
    const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...more, PATH },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
    child.once('error', reject);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}
