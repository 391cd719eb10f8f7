/**
 * `npm run check`: every check of the house, side by side, printing only what failed.
 * `--static` leaves the unit tests out, for a caller that runs all tests anyway.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const STATIC: readonly Check[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'types of the dashboard', command: ['tsc', '--noEmit', '-p', 'apps/dashboard'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['biome', 'ci', '--colors=off', '.'] },
  { name: 'import rules', command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'apps'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'generated files', command: ['node', 'tools/generate.ts', '--check'] },
];

const UNIT_TESTS: Check = { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit'] };

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

function run({ name, command: [program, ...args] }: Check): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    const done = (ok: boolean, text: string) => resolve({ name, ok, seconds: (performance.now() - started) / 1000, output: text });
    child.once('error', (error) => done(false, error.message));
    child.once('close', (code) => done(code === 0, Buffer.concat(output).toString()));
  });
}

/** Runs all checks, as many at a time as there are cores; returns what failed. */
async function checkAll(checks: readonly Check[]): Promise<Outcome[]> {
  const waiting = [...checks];
  const outcomes: Outcome[] = [];
  async function worker() {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const outcome = await run(check);
      outcomes.push(outcome);
      console.log(`${outcome.ok ? '✓' : '✗'} ${outcome.name} (${outcome.seconds.toFixed(1)} s)`);
      if (!outcome.ok) console.log(outcome.output.trimEnd().replaceAll(/^/gm, '  '));
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return outcomes.filter(({ ok }) => !ok);
}

const failed = await checkAll(process.argv.includes('--static') ? STATIC : [...STATIC, UNIT_TESTS]);
if (failed.length > 0) console.log(`\nNot clean: ${failed.map(({ name }) => name).join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
