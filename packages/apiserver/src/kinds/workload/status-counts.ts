import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt } from '../../json-read.ts';
import { FieldCheck } from '../field-check.ts';

/** The numbers in a workload's status, and which of them count among others. */
export interface StatusCounts {
  readonly counts: readonly string[];
  /** Parts of `status.replicas`. */
  readonly parts?: readonly string[];
  /** How the field that holds the ready ones is called where more are available. */
  readonly ready?: string;
}

/** A check of statuses: no count is negative, none is more than what it is a part of, and collisions only get more. */
export function countsCheck({ counts, parts = [], ready }: StatusCounts): (object: JsonObject, old: JsonObject) => FieldError[] {
  return (object, old) => {
    const check = new FieldCheck();
    const status = objectAt(object, 'status');
    const amount = (field: string) => numberAt(status, field) ?? 0;
    for (const field of [...counts, 'collisionCount']) check.nonNegative(`status.${field}`, status?.[field]);
    for (const field of parts)
      if (amount(field) > amount('replicas')) check.invalid(`status.${field}`, amount(field), 'cannot be greater than status.replicas');
    if (ready !== undefined && amount('availableReplicas') > amount('readyReplicas'))
      check.invalid('status.availableReplicas', amount('availableReplicas'), `cannot be greater than ${ready}`);
    const before = numberAt(old, 'status', 'collisionCount');
    if (before !== undefined && amount('collisionCount') < before)
      check.invalid('status.collisionCount', amount('collisionCount'), 'cannot be decremented');
    return check.errors;
  };
}
