import type { FieldError } from '../field-error.ts';
import type { Json } from '../json.ts';
import { forbidden, invalid, notSupported, type Printed, quoted, required } from '../schema/index.ts';

/** Collects what is wrong with an object, in the words that every client knows. */
export class FieldCheck {
  readonly errors: FieldError[] = [];

  add(...errors: readonly FieldError[]): void {
    this.errors.push(...errors);
  }

  invalid(field: string, value: Json | Printed | undefined, detail: string): void {
    this.errors.push(invalid(field, value, detail));
  }

  forbidden(field: string, detail: string): void {
    this.errors.push(forbidden(field, detail));
  }

  /** Whether the value is there; an empty text, list or nothing at all is not. */
  required(field: string, value: Json | undefined, detail = ''): boolean {
    const there = value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
    if (!there) this.errors.push(required(field, detail));
    return there;
  }

  /** One of a closed list, where it is given. */
  oneOf(field: string, value: Json | undefined, allowed: readonly string[]): void {
    if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return;
    this.errors.push(notSupported(field, value, allowed));
  }

  nonNegative(field: string, value: Json | undefined): void {
    if (typeof value === 'number' && value < 0) this.invalid(field, value, 'must be greater than or equal to 0');
  }

  positive(field: string, value: Json | undefined): void {
    if (typeof value === 'number' && value <= 0) this.invalid(field, value, 'must be greater than 0');
  }

  port(field: string, value: Json | undefined): void {
    if (typeof value !== 'number' || value < 1 || value > 65535) this.invalid(field, value, PORT_RANGE);
  }

  /** A name by one of the name rules. */
  named(field: string, value: string, problems: (name: string) => string[]): void {
    for (const problem of problems(value)) this.invalid(field, value, problem);
  }

  /** Nothing appears twice; `at` names the field of an item. */
  unique(values: readonly (string | undefined)[], at: (index: number) => string): void {
    if (values.length < 2) return;
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      if (value === undefined || value === '') continue;
      if (seen.has(value))
        this.errors.push({ type: 'FieldValueDuplicate', field: at(index), message: `Duplicate value: ${quoted(value)}` });
      seen.add(value);
    }
  }

  notFound(field: string, value: string): void {
    this.errors.push({ type: 'FieldValueNotFound', field, message: `Not found: ${quoted(value)}` });
  }
}

/** The rule of port numbers. */
export const PORT_RANGE = 'must be between 1 and 65535, inclusive';
/** What is said of a field that may not change. */
export const IMMUTABLE = 'field is immutable';
