import { cloneJson } from '../../clone-json.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

/** The subresource by which containers are added to a pod that runs. https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/ */
export const EPHEMERAL = 'ephemeralcontainers';
const FIELD = 'ephemeralContainers';

/** Through their subresource they are all that changes. */
export function keepAllButEphemeral(pod: JsonObject, old: JsonObject): void {
  const given = objectAt(pod, 'spec')?.[FIELD];
  const spec = cloneJson(objectAt(old, 'spec') ?? {});
  if (given === undefined) delete spec[FIELD];
  else spec[FIELD] = given;
  pod['spec'] = spec;
  pod['metadata'] = cloneJson(objectAt(old, 'metadata') ?? {});
}

/** A pod begins without them. */
export function checkNoEphemeral(spec: JsonObject | undefined, at: string, { check, why }: { check: FieldCheck; why: string }): void {
  if (objectsAt(spec, FIELD).length > 0) check.forbidden(`${at}.${FIELD}`, why);
}

/** They come, and stay as they came. */
export function checkEphemeralUpdate(pod: JsonObject, old: JsonObject, check: FieldCheck): void {
  const now = new Map(objectsAt(pod, 'spec', FIELD).map((one) => [textAt(one, 'name'), one]));
  for (const before of objectsAt(old, 'spec', FIELD)) {
    const name = textAt(before, 'name');
    const after = now.get(name);
    if (jsonEqual(before, after)) continue;
    const change = after ? 'changed' : 'removed';
    check.forbidden(`spec.${FIELD}`, `existing ephemeral containers ${JSON.stringify(name)} may not be ${change}\n`);
  }
}
