import type { Json } from '../../src/json.ts';

/** A text as it is, anything else as JSON writes it. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return 'undefined';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
