import type { Json, JsonObject } from '../../json.ts';
import { objectAt, textsAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

const HIGHEST_ID = 2_147_483_647;

/** Users and groups of a pod. */
export function checkPodSecurity(context: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!context) return;
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup']) checkId(context[field], `${at}.${field}`, check);
  checkProfiles(context, at, check);
  const groups = context['supplementalGroups'];
  if (Array.isArray(groups)) for (const [index, group] of groups.entries()) checkId(group, `${at}.supplementalGroups[${index}]`, check);
}

/** Profiles of the kernel's guards: only one that lies on the machine has a name. */
function checkProfiles(context: JsonObject, at: string, check: FieldCheck): void {
  for (const [field, called] of [
    ['seccompProfile', 'seccomp'],
    ['appArmorProfile', 'AppArmor'],
  ] as const) {
    const profile = objectAt(context, field);
    if (!profile) continue;
    const local = `${at}.${field}.localhostProfile`;
    if (profile['type'] === 'Localhost') check.required(local, profile['localhostProfile'], `must be set when ${called} type is Localhost`);
    else if (profile['localhostProfile'] !== undefined)
      check.invalid(
        local,
        field === 'seccompProfile' ? profile : profile['localhostProfile'],
        `can only be set when ${called} type is Localhost`,
      );
    check.oneOf(`${at}.${field}.type`, profile['type'], ['Localhost', 'RuntimeDefault', 'Unconfined']);
  }
}

/** What one container may do beyond its pod. */
export function checkContainerSecurity(context: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!context) return;
  for (const field of ['runAsUser', 'runAsGroup']) checkId(context[field], `${at}.${field}`, check);
  checkProfiles(context, at, check);
  check.oneOf(`${at}.procMount`, context['procMount'], ['Default', 'Unmasked']);
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
