import { rfc3339 } from '@crownlabs/std';
import type { Json, JsonObject } from '../json.ts';
import { objectsAt, textAt } from '../json-read.ts';

/** One condition of a CRD's status. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** The conditions with `condition` in its place; its time moves only when its status changes. */
export function withCondition(conditions: readonly JsonObject[], condition: Condition, now: number): JsonObject[] {
  const at = conditions.findIndex((one) => one['type'] === condition.type);
  const before = conditions[at];
  const since: Json = before && before['status'] === condition.status ? (before['lastTransitionTime'] ?? rfc3339(now)) : rfc3339(now);
  const next: JsonObject = { ...condition, lastTransitionTime: since };
  const list = [...conditions];
  if (at < 0) list.push(next);
  else list[at] = next;
  return list;
}

/** Whether a condition of the CRD is True. */
export function holds(crd: JsonObject, type: string): boolean {
  return objectsAt(crd, 'status', 'conditions').some((one) => one['type'] === type && one['status'] === 'True');
}

/** The status of a condition, `''` when it is not there. */
export function conditionStatus(crd: JsonObject, type: string): string {
  return textAt(
    objectsAt(crd, 'status', 'conditions').find((one) => one['type'] === type),
    'status',
  );
}
