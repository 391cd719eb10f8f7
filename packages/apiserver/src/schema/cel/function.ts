import type { CelType } from './type.ts';
import type { Value } from './value.ts';

/** Calls of a runtime that functions may need beside their arguments. */
export interface FunctionContext {
  /** Adds to the cost of the evaluation; fails when the budget is used up. */
  charge(cost: number): void;
}

/** One signature of a function and what it does. */
export interface Overload {
  readonly name: string;
  /** Whether it is called as `target.name(…)`: the target is then the first argument. */
  readonly member: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly run: (args: readonly Value[], context: FunctionContext) => Value;
  /** What a call costs, by the sizes of its arguments; one unit when absent. */
  readonly cost?: (sizes: readonly number[]) => number;
  /** What its result costs on top, by its size. */
  readonly resultCost?: (size: number) => number;
  /** The most that the result can measure, by the most that the arguments can. */
  readonly size?: (sizes: readonly number[]) => number;
}

type Run = Overload['run'];
type How = Run | Pick<Overload, 'run' | 'cost' | 'resultCost' | 'size'>;

const details = (how: How) => (typeof how === 'function' ? { run: how } : how);

/** A function called by name. */
export function fn(name: string, args: readonly CelType[], result: CelType, how: How): Overload {
  return { name, member: false, args, result, ...details(how) };
}

/** A function called on a target, which is its first argument. */
export function method(name: string, args: readonly CelType[], result: CelType, how: How): Overload {
  return { name, member: true, args, result, ...details(how) };
}

/** The cost of reading a text or list of `size` once. */
export const traversal = (size = 1, factor = 1): number => Math.ceil(size * 0.1 * factor);

/** The cost of matching a pattern of `pattern` characters against a text of `text`. */
export const matching = (text = 0, pattern = 0): number => traversal(1 + text) * Math.ceil(pattern * 0.25);

/** Signatures by name. */
export class Library {
  readonly #overloads = new Map<string, Overload[]>();

  constructor(...sets: readonly (readonly Overload[])[]) {
    for (const overload of sets.flat()) {
      const known = this.#overloads.get(overload.name);
      if (known === undefined) this.#overloads.set(overload.name, [overload]);
      else known.push(overload);
    }
  }

  find(name: string, member: boolean): readonly Overload[] {
    return (this.#overloads.get(name) ?? []).filter((overload) => overload.member === member);
  }

  has(name: string): boolean {
    return this.#overloads.has(name);
  }
}
