import { expect } from 'vitest';

/** What a failed command said, for people: one line, no stack. */
export function wordsOf({ code, stderr }: { code: number; stderr: string }): string {
  expect(stderr).not.toMatch(/\n\s+at |node:internal/);
  expect(code).toBe(1);
  return stderr;
}
