import type { z } from 'zod';

/** A rule in CEL, checked by the API. `oldSelf` makes it a rule of changes. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  /** How the fault is called; `FieldValueInvalid` by default. */
  readonly reason?: 'FieldValueForbidden';
}

/** What a structural schema can say and zod cannot. Attach it with {@link marked}. */
export interface SchemaMark {
  /** Replaces what zod would have written. */
  readonly replace?: Readonly<Record<string, unknown>>;
  /** The list is a map by these keys: apply and strategic edits merge its items. */
  readonly listMapKeys?: readonly string[];
  /** Named in `required` although it has a default, as the compatible CRDs do. */
  readonly required?: boolean;
  readonly rules?: readonly CelRule[];
  /** Integer width on the wire; int64 by default. */
  readonly format?: 'int32' | 'int64';
}

const MARK = 'crd';

/** The same schema with a mark for the CRD. Apply it last: wrapping a marked schema in `optional` or `default` hides the mark. */
export function marked<T extends z.ZodType>(schema: T, mark: SchemaMark): T {
  return schema.meta({ ...schema.meta(), [MARK]: mark });
}

/** Reads and removes the mark that {@link marked} left in a JSON schema. */
export function takeMark(schema: Record<string, unknown>): SchemaMark {
  const mark = schema[MARK];
  delete schema[MARK];
  return typeof mark === 'object' && mark !== null ? mark : {};
}
