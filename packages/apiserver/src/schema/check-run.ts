import type { FieldError } from '../field-error.ts';
import type { Json } from '../json.ts';
import { invalid } from './field-message.ts';

/** Where a check of one object stands: the path to the value at hand, and what was found wrong so far. */
export class CheckRun {
  errors: FieldError[] = [];
  readonly #base: string;
  readonly #path: (string | number)[] = [];

  /** `base` is the field that the checked value itself stands for; nothing for a whole object. */
  constructor(base: string) {
    this.#base = base;
  }

  enter(step: string | number): void {
    this.#path.push(step);
  }

  leave(): void {
    this.#path.pop();
  }

  get atRoot(): boolean {
    return this.#path.length === 0;
  }

  /** The path as messages repeat it: without the base. */
  get name(): string {
    let name = '';
    for (const step of this.#path) {
      if (typeof step === 'number') name += `[${step}]`;
      else name += name === '' ? step : `.${step}`;
    }
    return name;
  }

  /** The field of an error about the value at hand, or about its part `name`. */
  field(name = this.name): string {
    if (this.#base === '' || name === '') return this.#base || name;
    return `${this.#base}.${name}`;
  }

  child(key: string): string {
    const { name } = this;
    return this.field(name === '' ? key : `${name}.${key}`);
  }

  add(error: FieldError): void {
    this.errors.push(error);
  }

  /** An error about the value at hand whose text repeats its path. */
  invalid(value: Json, rule: string): void {
    this.add(invalid(this.field(), value, `${this.name} in body ${rule}`));
  }

  /** An error that names its place in the text only. */
  placeless(text: string): void {
    this.add(invalid(this.#base, '', text));
  }

  /** Runs a check aside and answers what it found, leaving the run's own errors alone. */
  aside(check: () => number): { count: number; errors: FieldError[] } {
    const kept = this.errors;
    this.errors = [];
    const count = check();
    const { errors } = this;
    this.errors = kept;
    return { count, errors };
  }
}

/**
 * Checks a value, given what stood in its place before (`undefined` where that cannot be told), and answers how many of
 * its steps ran: alternatives of a schema are ranked by that.
 */
export type Check = (value: Json, old: Json | undefined, run: CheckRun) => number;
