import { LabError, messageOf } from '@crownlabs/std';
import { parse } from 'yaml';
import type { z } from 'zod';

/** Parses a settings file's YAML together with what flags and the environment override. Throws Invalid, naming every bad key. */
export function parseSettings<S extends z.ZodObject>(schema: S, text: string, overrides: Readonly<Record<string, unknown>>): z.infer<S> {
  let file: unknown;
  try {
    file = parse(text) ?? {};
  } catch (error) {
    throw new LabError('Invalid', `The configuration is not YAML: ${messageOf(error)}`, { cause: error });
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new LabError('Invalid', 'The configuration is not a list of keys and values.');
  const result = schema.safeParse(merged(file, overrides));
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  throw new LabError('Invalid', `The configuration has mistakes:\n${result.error.issues.map((issue) => problem(issue, known)).join('\n')}`);
}

/** A section of the overrides changes what it names and leaves the rest of that section as it is. */
function merged(file: object, overrides: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = new Map<string, unknown>(Object.entries(file));
  for (const [key, value] of Object.entries(overrides)) {
    const before = result.get(key);
    result.set(key, isSection(value) && isSection(before) ? { ...before, ...value } : value);
  }
  return Object.fromEntries(result);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code !== 'unrecognized_keys') return `  ${issue.path.join('.')}: ${issue.message}`;
  return issue.keys.map((key) => `  ${[...issue.path, key].join('.')}: there is no such key${suggestion(key, known)}`).join('\n');
}

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find((one) => distance(one.toLowerCase(), key.toLowerCase()) <= 2);
  return near ? `; did you mean ${near}?` : '';
}

/** Levenshtein distance; short words only. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
