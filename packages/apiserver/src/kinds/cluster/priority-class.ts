import type { JsonObject } from '../../json.ts';
import { ensureObject, numberAt, textAt } from '../../json-read.ts';
import { AGE_TEXT, countColumn, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { fill } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

const HIGHEST_OF_USERS = 1_000_000_000;

/** The classes that every cluster has, for what it could not do without. */
export const SYSTEM_PRIORITY_CLASSES = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
] as const;

/** PriorityClasses. */
export const priorityClass: Strategy = {
  defaults: (object) => fill(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  prepare(object, old) {
    // It counts the making of the object, and no change.
    if (!old) ensureObject(object, 'metadata')['generation'] = 1;
  },
  validate(object) {
    const check = new FieldCheck();
    const value = numberAt(object, 'value') ?? 0;
    if (textAt(object, 'metadata', 'name').startsWith('system-')) checkSystemName(object, value, check);
    else if (value > HIGHEST_OF_USERS) check.forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`);
    check.oneOf('preemptionPolicy', object['preemptionPolicy'], ['PreemptLowerPriority', 'Never']);
    return check.errors;
  },
  validateUpdate(object, old) {
    const check = new FieldCheck();
    if (numberAt(object, 'value') !== numberAt(old, 'value')) check.forbidden('value', 'may not be changed in an update.');
    if (object['preemptionPolicy'] !== old['preemptionPolicy']) check.invalid('preemptionPolicy', object['preemptionPolicy'], IMMUTABLE);
    return check.errors;
  },
  columns: [
    NAME,
    countColumn('Value', (object) => numberAt(object, 'value') ?? 0),
    { name: 'Global-Default', type: 'boolean', cell: (object) => object['globalDefault'] === true },
    AGE_TEXT,
    textColumn('PreemptionPolicy', (object) => textAt(object, 'preemptionPolicy')),
  ],
};

function checkSystemName(object: JsonObject, value: number, check: FieldCheck): void {
  const problem = systemProblem(textAt(object, 'metadata', 'name'), value, object['globalDefault'] === true);
  if (problem !== undefined)
    check.forbidden('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`);
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = SYSTEM_PRIORITY_CLASSES.find((one) => one.name === name);
  if (!known) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
