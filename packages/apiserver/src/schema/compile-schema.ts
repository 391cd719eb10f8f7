import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import type { Schema } from '../resource.ts';
import { RuleChecker } from './cel/rule-check.ts';
import { CheckRun } from './check-run.ts';
import { Defaulter } from './defaults.ts';
import { EmbeddedCheck } from './embedded-metadata.ts';
import { invalid } from './field-message.ts';
import { UniquenessCheck } from './list-uniqueness.ts';
import { prune } from './prune.ts';
import { SchemaCheck } from './schema-check.ts';
import { type Definitions, type SchemaNode, SchemaReader } from './schema-node.ts';

/** What a validation may be told beside the object. */
interface ValidateOptions {
  /** Errors that the caller found in the object before (its metadata): they decide, too, whether rules are run. */
  readonly found?: readonly FieldError[];
  /** The one part that is judged by the schema; `''` for none: lists and rules are judged in any case. */
  readonly part?: string;
  /** Takes the text of an error that is forgiven because the value did not change. */
  warn?(text: string): void;
}

/** A schema compiled once, to be run over many objects. All three change or judge the object as a whole, from its root. */
export interface CompiledSchema {
  /**
   * Removes, in place, what the schema does not know and tells each path. The root's apiVersion, kind and metadata are left
   * alone; metadata of embedded resources is brought into form, and told to `malformed` where it has none (dropped without it).
   * Nulls that the schema does not allow, and that no default replaces, vanish, except from what was `applied`.
   */
  prune(object: JsonObject, unknown: (path: string) => void, malformed?: (path: string, why: string) => void, applied?: boolean): void;
  /** Fills in defaults, in place; nulls that the schema does not allow become the default. */
  applyDefaults(object: JsonObject): void;
  /** Everything that is wrong with the object; on an update, what was as wrong before and did not change is forgiven. */
  validate(object: JsonObject, old?: JsonObject, options?: ValidateOptions): FieldError[];
}

const BLOCKING = new Set([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueNotSupported',
]);
const SKIPPED = 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function distinct(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ field, message }) => {
    const identity = `${field}\0${message}`;
    const known = seen.has(identity);
    seen.add(identity);
    return !known;
  });
}

class Compiled implements CompiledSchema {
  readonly #root: SchemaNode;
  readonly #rules: RuleChecker | undefined;
  readonly #schema = new SchemaCheck();
  readonly #defaults = new Defaulter();
  readonly #embedded = new EmbeddedCheck();
  readonly #uniqueness = new UniquenessCheck();

  constructor(root: SchemaNode, rules: RuleChecker | undefined) {
    this.#root = root;
    this.#rules = rules;
  }

  prune(object: JsonObject, unknown: (path: string) => void, malformed?: (path: string, why: string) => void, applied?: boolean): void {
    const report = { unknown, keepsNulls: applied === true };
    prune(object, this.#root, malformed === undefined ? report : { ...report, malformed });
  }

  applyDefaults(object: JsonObject): void {
    this.#defaults.apply(object, this.#root);
  }

  #shapeErrors(object: JsonObject, old: JsonObject | undefined): FieldError[] {
    const run = new CheckRun('');
    this.#schema.run(object, old, this.#root, run);
    return [...distinct(run.errors), ...this.#embedded.errors(object, this.#root, '')];
  }

  /** Paths in the messages about a part begin in it. */
  #partErrors(part: string, object: JsonObject, old: JsonObject | undefined): FieldError[] {
    const node = this.#root.child(part);
    const value = object[part];
    if (node === undefined || value === undefined) return [];
    const run = new CheckRun(part);
    this.#schema.run(value, old?.[part], node, run);
    return [...distinct(run.errors), ...this.#embedded.errors(value, node, part)];
  }

  validate(object: JsonObject, old?: JsonObject, options: ValidateOptions = {}): FieldError[] {
    const errors = options.part === undefined ? this.#shapeErrors(object, old) : this.#partErrors(options.part, object, old);
    // Lists that already held duplicates may be written again as they are.
    if (old === undefined || this.#uniqueness.errors(old, this.#root, '').length === 0) {
      errors.push(...this.#uniqueness.errors(object, this.#root, ''));
    }
    if (this.#rules === undefined) return errors;
    const blocked = [...(options.found ?? []), ...errors].some((error) => BLOCKING.has(error.type));
    if (blocked) return [...errors, invalid('', null, SKIPPED)];
    return [...errors, ...this.#rules.errors(object, old, (text) => options.warn?.(text))];
  }
}

/** Compiles an `openAPIV3Schema`, or a built-in's schema with the definitions that its `$ref`s name. */
export function compileSchema(schema: Schema, options: { definitions?: Definitions; custom?: boolean } = {}): CompiledSchema {
  const root = new SchemaReader(options.definitions).node(schema);
  // Rules of built-in schemas describe what our own validation of built-in kinds does.
  const rules = options.custom === true ? new RuleChecker(root) : undefined;
  return new Compiled(root, rules?.any === true ? rules : undefined);
}
