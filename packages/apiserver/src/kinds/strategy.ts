import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import type { Column, WriteContext } from '../resource.ts';

/**
 * What one built-in kind does beyond the rules of all kinds. Whatever is left out has the usual behaviour: nothing is defaulted, only
 * the schema is checked, `status` belongs to its subresource, the columns are Name and Age.
 */
export interface Strategy {
  /** Fills in defaults, in place. */
  defaults?(object: JsonObject): void;
  /** After the usual wiping and carrying over. */
  prepare?(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void;
  /** At create and at update of the object itself. */
  validate?(object: JsonObject): FieldError[];
  /** At create, beside `validate`. */
  validateCreate?(object: JsonObject): FieldError[];
  /** At updates, beside `validate`. */
  validateUpdate?(object: JsonObject, old: JsonObject, context: WriteContext): FieldError[];
  /** Updates of `/status`. */
  validateStatus?(object: JsonObject, old: JsonObject): FieldError[];
  /** What is taken at a create or update of the object itself, but should not be relied on. */
  warnings?(object: JsonObject, old: JsonObject | undefined): string[];
  readonly columns?: readonly Column[];
  readonly fieldSelectors?: Readonly<Record<string, (object: JsonObject) => string>>;
  /** What a create starts with as status; `{}` where left out. */
  initialStatus?(object: JsonObject): JsonObject;
  convert?(object: JsonObject): JsonObject;
}
