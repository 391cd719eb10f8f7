import { LabError } from '@crownlabs/std';
import type { WholeAnswer } from './exchange.ts';
import { notServed } from './not-served.ts';
import type { PathTable } from './paths.ts';
import type { Call } from './pipeline.ts';

/** One thing that must hold; throws or rejects when it does not. */
export interface HealthCheck {
  readonly name: string;
  check(): void | Promise<void>;
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

/** Registers `/healthz`, `/livez` and `/readyz`, as a whole and check by check. */
export function addHealth(table: PathTable, live: readonly HealthCheck[], ready: readonly HealthCheck[]): void {
  const groups = { healthz: live, livez: live, readyz: [...live, ...ready] };
  for (const [name, checks] of Object.entries(groups)) {
    table.add(`/${name}`, (call) => all(name, checks, call));
    table.add(`/${name}/`, (_, rest) => one(checks, rest));
  }
}

async function all(name: string, checks: readonly HealthCheck[], call: Call): Promise<WholeAnswer> {
  const excluded = new Set(call.query.getAll('exclude'));
  const lines: string[] = [];
  let healthy = true;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const ok = (await problemOf(check)) === undefined;
    healthy &&= ok;
    lines.push(ok ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((one) => JSON.stringify(one)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (healthy && !call.query.has('verbose')) return text(200, 'ok');
  return text(healthy ? 200 : 500, `${lines.join('\n')}\n${name} check ${healthy ? 'passed' : 'failed'}\n`);
}

async function one(checks: readonly HealthCheck[], name: string): Promise<WholeAnswer> {
  const check = checks.find((candidate) => candidate.name === name);
  if (!check) return notServed();
  const problem = await problemOf(check);
  return problem === undefined ? text(200, 'ok') : text(500, `internal server error: ${problem}\n`);
}

async function problemOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    // The checks are ours, and say nothing that a caller may not know.
    return error instanceof LabError ? error.message : 'unexpected failure';
  }
}

/** What must be done once before the server is ready, by the names that Kubernetes has for it. */
export class StartHooks {
  readonly #pending = new Set<string>();

  /** The check that fails until the hook is done. */
  announce(name: string): HealthCheck {
    this.#pending.add(name);
    return {
      name: `poststarthook/${name}`,
      check: () => {
        if (this.#pending.has(name)) throw new LabError('ServiceUnavailable', 'not finished');
      },
    };
  }

  done(name: string): void {
    this.#pending.delete(name);
  }
}

function text(status: number, body: string): WholeAnswer {
  return { status, headers: TEXT, parts: [Buffer.from(body)] };
}
