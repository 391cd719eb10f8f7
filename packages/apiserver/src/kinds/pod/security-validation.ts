import type { Json, JsonObject } from '../../json.ts';
import { objectAt, textsAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

const HIGHEST_ID = 2_147_483_647;

/** Users and groups of a pod. */
export function checkPodSecurity(context: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!context) return;
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup']) checkId(context[field], `${at}.${field}`, check);
  const groups = context['supplementalGroups'];
  if (Array.isArray(groups)) for (const [index, group] of groups.entries()) checkId(group, `${at}.supplementalGroups[${index}]`, check);
}

/** What one container may do beyond its pod. */
export function checkContainerSecurity(context: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!context) return;
  for (const field of ['runAsUser', 'runAsGroup']) checkId(context[field], `${at}.${field}`, check);
  if (context['allowPrivilegeEscalation'] !== false) return;
  if (context['privileged'] === true) check.invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  if (textsAt(objectAt(context, 'capabilities'), 'add').includes('CAP_SYS_ADMIN')) {
    check.invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN');
  }
}

function checkId(value: Json | undefined, at: string, check: FieldCheck): void {
  if (typeof value !== 'number' && typeof value !== 'bigint') return;
  if (value < 0 || value > HIGHEST_ID) check.invalid(at, value, `must be between 0 and ${HIGHEST_ID}, inclusive`);
}
