import type { Overload } from './function.ts';
import { type CelType, part } from './type.ts';
import type { Value } from './value.ts';

/** The loops over lists and maps that the language has, by the name people write. */
export type FoldName =
  | 'all'
  | 'exists'
  | 'existsOne'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry'
  | 'sortBy';

/** A checked expression: every node knows its type, every call the signatures that may apply. */
export type Typed = { readonly type: CelType; readonly pos: number } & (
  | { readonly kind: 'const'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'select'; readonly of: Typed; readonly field: string; readonly optional: boolean }
  | { readonly kind: 'has'; readonly of: Typed; readonly field: string }
  | { readonly kind: 'index'; readonly of: Typed; readonly at: Typed; readonly optional: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly overloads: readonly Overload[]; readonly args: readonly Typed[] }
  | { readonly kind: 'and' | 'or'; readonly left: Typed; readonly right: Typed }
  | { readonly kind: 'if'; readonly test: Typed; readonly yes: Typed; readonly no: Typed }
  | { readonly kind: 'list'; readonly items: readonly Typed[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Typed, Typed])[] }
  | {
      readonly kind: 'fold';
      readonly fold: FoldName;
      readonly range: Typed;
      /** One name for the element or key, or two for index and element, key and value. */
      readonly names: readonly string[];
      readonly filter: Typed | undefined;
      readonly body: Typed;
    }
  | { readonly kind: 'let'; readonly name: string; readonly value: Typed; readonly body: Typed; readonly unwrap: 'no' | 'map' | 'flat' }
);

/** The cost of one turn of a loop beside that of its parts, and of the loop once. */
export const FOLD_COST: Readonly<Record<FoldName, { readonly turn: number; readonly once: number }>> = {
  all: { turn: 3, once: 1 },
  exists: { turn: 4, once: 1 },
  existsOne: { turn: 2, once: 2 },
  map: { turn: 12, once: 11 },
  filter: { turn: 13, once: 11 },
  transformList: { turn: 12, once: 11 },
  transformMap: { turn: 2, once: 31 },
  transformMapEntry: { turn: 32, once: 31 },
  sortBy: { turn: 14, once: 11 },
};

export const LIST_COST = 10;
export const MAP_COST = 30;

/** Stands for a size that nothing limits. */
export const UNBOUNDED = 2 ** 64;

const SIZED = new Set(['string', 'bytes', 'list', 'map', 'dyn', 'optional']);

/** The most that a value of the type can measure: characters, elements, or one. */
export function sizeOfType(type: CelType): number {
  if (!SIZED.has(type.kind)) return 1;
  if (type.max !== undefined) return type.max;
  return type.kind === 'optional' ? sizeOfType(part(type)) : UNBOUNDED;
}
