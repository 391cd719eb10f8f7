import type { FieldError } from './field-error.ts';
import type { JsonObject } from './json.ts';
import { isTrue } from './request-attributes.ts';
import { invalid as invalidStatus } from './status-error.ts';

/** The options of a write, from its query. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly force: boolean;
  /** As admission sees them. */
  readonly json: JsonObject;
}

/** CreateOptions and its like. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const VALIDATION = ['Ignore', 'Strict', 'Warn'] as const;
const MANAGER_BYTES = 128;
const UNPRINTABLE = /\p{C}/u;

/** Reads and checks the options; `apply` tells an apply patch from the others. */
export function readWriteOptions(kind: OptionsKind, query: URLSearchParams, userAgent: string | undefined, apply = false): WriteOptions {
  const dryRun = query.getAll('dryRun');
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const force = isTrue(query, 'force');
  const errors = [...dryRunErrors(dryRun), ...managerErrors(manager), ...validationErrors(validation)];
  if (kind === 'PatchOptions') errors.push(...patchErrors(query, manager, apply));
  if (errors.length > 0) throw invalidStatus({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager === '' ? managerOf(userAgent) : manager,
    fieldValidation: VALIDATION.find((one) => one === validation) ?? 'Warn',
    force,
    json: optionsJson(kind, { dryRun, fieldManager: manager, fieldValidation: validation, force: kind === 'PatchOptions' && force }),
  };
}

/** What was given, and nothing else. */
function optionsJson(kind: OptionsKind, given: JsonObject): JsonObject {
  const json: JsonObject = { kind, apiVersion: 'meta.k8s.io/v1' };
  for (const [key, value] of Object.entries(given)) {
    const empty = value === '' || value === false || (Array.isArray(value) && value.length === 0);
    if (!empty) json[key] = value;
  }
  return json;
}

/** What is wrong with `dryRun`. */
export function dryRunErrors(values: readonly string[]): FieldError[] {
  if (values.every((one) => one === 'All')) return [];
  return [
    { type: 'FieldValueNotSupported', field: 'dryRun', message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"` },
  ];
}

function managerErrors(manager: string): FieldError[] {
  if (Buffer.byteLength(manager) > MANAGER_BYTES) {
    return [{ type: 'FieldValueTooLong', field: 'fieldManager', message: `Too long: may not be more than ${MANAGER_BYTES} bytes` }];
  }
  if (!UNPRINTABLE.test(manager)) return [];
  const characters = Array.from(manager);
  const at = characters.findIndex((one) => UNPRINTABLE.test(one));
  const code = (characters[at]?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const shown = JSON.stringify(manager).replaceAll('\\u0007', '\\a');
  return [
    {
      type: 'FieldValueInvalid',
      field: 'fieldManager',
      message: `Invalid value: ${shown}: invalid character U+${code} (at position ${at})`,
    },
  ];
}

function validationErrors(value: string): FieldError[] {
  if (value === '' || VALIDATION.some((one) => one === value)) return [];
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`;
  return [{ type: 'FieldValueNotSupported', field: 'fieldValidation', message }];
}

function patchErrors(query: URLSearchParams, manager: string, apply: boolean): FieldError[] {
  if (apply) {
    return manager === ''
      ? [{ type: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' }]
      : [];
  }
  return query.has('force')
    ? [{ type: 'FieldValueForbidden', field: 'force', message: 'Forbidden: may not be specified for non-apply patch' }]
    : [];
}

/** Who writes, when he does not say: the program's name. */
function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? '').split('/', 1)[0]?.replaceAll(/\p{C}/gu, '') ?? '';
  let cut = name;
  while (Buffer.byteLength(cut) > MANAGER_BYTES) cut = cut.slice(0, -1);
  return cut === '' ? 'unknown' : cut;
}
