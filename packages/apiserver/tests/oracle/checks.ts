import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json, type JsonObject } from '../../src/json.ts';
import { difference, isAbsent } from './differences.ts';
import { textOf } from './json-text.ts';
import { at } from './pointer.ts';
import type { Check } from './recorded-case.ts';
import type { Variables } from './variables.ts';

type Holds = (got: Json | undefined, wanted: Json) => boolean;

const same = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);

/** The checks with an operand, by their names. */
const OPERATORS: Readonly<Record<string, Holds>> = {
  eq: (got, wanted) => textOf(got) === textOf(wanted),
  ne: (got, wanted) => textOf(got) !== textOf(wanted),
  gt: (got, wanted) => BigInt(textOf(got ?? 0)) > BigInt(textOf(wanted)),
  ge: (got, wanted) => BigInt(textOf(got ?? 0)) >= BigInt(textOf(wanted)),
  match: (got, wanted) => new RegExp(textOf(wanted)).test(textOf(got)),
  len: (got, wanted) => (Array.isArray(got) || typeof got === 'string') && got.length === wanted,
  has: (got, wanted) => Array.isArray(got) && got.some((item) => same(item, wanted)),
  hasNot: (got, wanted) => !Array.isArray(got) || !got.some((item) => same(item, wanted)),
  exists: (got) => got !== undefined,
  absent: (got) => got === undefined,
};

/** What does not hold, a line each. */
export function failedChecks(
  checks: readonly Check[],
  variables: Variables,
  answer: { json: Json | undefined; headers: IncomingHttpHeaders },
): string[] {
  return checks.flatMap(({ path = '', header, ...wants }) => {
    const got = header === undefined ? at(answer.json, path) : headerOf(answer.headers, header);
    const failed = Object.entries(variables.filled(wants)).filter(([name, wanted]) => OPERATORS[name]?.(got, wanted) === false);
    return failed.map(([name, wanted]) => difference(`check of ${header ?? path}`, `${name} ${JSON.stringify(wanted)}`, got));
  });
}

/** A header as JSON; null when it is not there. */
export function headerOf(headers: IncomingHttpHeaders, name: string): Json | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The first condition of a poll that does not hold yet. */
export function unmet(until: JsonObject, json: Json | undefined): string | undefined {
  for (const [pointer, wanted] of Object.entries(until)) {
    const got = at(json, pointer);
    if (wanted !== undefined && !meets(got, wanted)) return difference(pointer, wanted, got);
  }
  return undefined;
}

function meets(got: Json | undefined, wanted: Json): boolean {
  if (isAbsent(wanted)) return got === undefined;
  if (!isObject(wanted)) return got !== undefined && same(got, wanted);
  if (wanted['$exists']) return got !== undefined;
  if (typeof wanted['$ge'] === 'number') return Number(got) >= wanted['$ge'];
  if (typeof wanted['$has'] === 'string') return Array.isArray(got) && got.includes(wanted['$has']);
  if (typeof wanted['$hasNot'] === 'string') return Array.isArray(got) && !got.includes(wanted['$hasNot']);
  return got !== undefined && same(got, wanted);
}
