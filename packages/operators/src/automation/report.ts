import { type Condition, type Instance, instances } from '@crownlabs/api';
import { sameJson } from '@crownlabs/std';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { Lab } from '../lab.ts';
import { EXPOSURE_CONDITIONS } from '../public-exposure/status.ts';

/** Conditions of Instances that the automation writes. The instance controller leaves them as they are. */
export const AUTOMATION_CONDITIONS: readonly string[] = ['StopScheduled', 'DeletionScheduled', 'Expires', 'ExamStatusKnown', 'Submitted'];

/** The conditions of an Instance that somebody else than the instance controller writes. */
export function foreignConditions(before: readonly Condition[] | undefined): Condition[] {
  const foreign = [...AUTOMATION_CONDITIONS, ...EXPOSURE_CONDITIONS];
  return (before ?? []).filter(({ type }) => foreign.includes(type));
}

/** Makes the conditions of `types` those found, and leaves all others; writes nothing where they say so already. */
export async function reportFindings(
  lab: Lab,
  instance: Instance,
  { types, found, now }: { types: readonly string[]; found: readonly Finding[]; now: number },
): Promise<void> {
  const { conditions: before = [], phase } = instance.status ?? {};
  // Its own controller speaks first.
  if (phase === undefined) return;
  const mine = conditionsFrom(found, before, now);
  if (
    sameJson(
      mine,
      before.filter(({ type }) => types.includes(type)),
    )
  )
    return;
  const conditions = [...before.filter(({ type }) => !types.includes(type)), ...mine];
  const { name, namespace, resourceVersion } = instance.metadata;
  // A list is replaced whole, so it must be the latest.
  const patch = { metadata: { resourceVersion }, status: { conditions } };
  await lab.client.patch(instances, name, namespace, patch, { subresource: 'status' });
}

/** Deletes an Instance if it is still as it was seen: whoever came back a moment ago has changed it. */
export async function deleteAsSeen(lab: Lab, { name, namespace, uid, resourceVersion }: Instance['metadata']): Promise<void> {
  const seen = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await lab.client.delete(instances, name, namespace, { ...seen, propagationPolicy: 'Background' });
}
