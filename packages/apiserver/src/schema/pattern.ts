import { RE2JS } from 're2js';

const LIMIT = 1000;
const cache = new Map<string, RE2JS>();

/**
 * A regular expression with RE2's syntax and its guarantee: matching takes time linear in the text, so no
 * pattern of a user can stall the server. Throws for a text that is no expression.
 */
export function compilePattern(pattern: string): RE2JS {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(pattern);
  if (cache.size >= LIMIT) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

/** Why `pattern` is no regular expression, or nothing. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
