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
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const ok = await holds(check);
    healthy &&= ok;
    lines.push(ok ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (healthy && !call.query.has('verbose')) return text(200, 'ok');
  return text(healthy ? 200 : 500, `${lines.join('\n')}\n${name} check ${healthy ? 'passed' : 'failed'}\n`);
}

async function one(checks: readonly HealthCheck[], name: string): Promise<WholeAnswer> {
  const check = checks.find((candidate) => candidate.name === name);
  if (!check) return notServed();
  return (await holds(check)) ? text(200, 'ok') : text(500, 'internal server error: reason withheld\n');
}

async function holds(check: HealthCheck): Promise<boolean> {
  try {
    await check.check();
    return true;
  } catch {
    return false;
  }
}

function text(status: number, body: string): WholeAnswer {
  return { status, headers: TEXT, parts: [Buffer.from(body)] };
}
