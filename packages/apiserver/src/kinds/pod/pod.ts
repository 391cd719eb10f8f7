import { cloneJson } from '../../clone-json.ts';
import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import type { WriteContext } from '../../resource.ts';
import { jsonEqual } from '../../schema/index.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';
import { nameWarnings } from '../workload/template-warnings.ts';
import { checkImages } from './container-validation.ts';
import { checkEphemeralUpdate, checkNoEphemeral, EPHEMERAL, keepAllButEphemeral } from './ephemeral-containers.ts';
import { POD_COLUMNS } from './pod-columns.ts';
import { defaultPod } from './pod-defaults.ts';
import { checkPodSpec } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { qualityOfService } from './quality-of-service.ts';

const MUTABLE_TEXT =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function validate(pod: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkPodSpec(objectAt(pod, 'spec'), 'spec', check);
  checkImages(objectAt(pod, 'spec'), check);
  return check.errors;
}

/** The spec with the old values of what may change, for a comparison of the rest. */
function withOldMutables(spec: JsonObject, old: JsonObject): JsonObject {
  const copy = cloneJson(spec);
  for (const list of ['containers', 'initContainers']) {
    for (const [index, container] of objectsAt(copy, list).entries()) {
      const image = objectsAt(old, list)[index]?.['image'];
      if (image !== undefined) container['image'] = image;
    }
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates', 'nodeName']) {
    if (field === 'nodeName' && old[field] !== undefined) continue;
    if (old[field] === undefined) delete copy[field];
    else copy[field] = cloneJson(old[field]);
  }
  return copy;
}

function validateCreate(pod: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkNoEphemeral(objectAt(pod, 'spec'), 'spec', { check, why: 'cannot be set on create' });
  return check.errors;
}

/** A pod's life may only get shorter. */
function checkDeadline(now: number | undefined, before: number | undefined, check: FieldCheck): void {
  const at = 'spec.activeDeadlineSeconds';
  if (before === undefined || (now !== undefined && now <= before)) return;
  if (now === undefined) check.invalid(at, null, 'must not update from a positive integer to nil value');
  else check.invalid(at, now, 'must be less than or equal to previous value');
}

function validateUpdate(pod: JsonObject, old: JsonObject, context: WriteContext): FieldError[] {
  const check = new FieldCheck();
  if (context.subresource === EPHEMERAL) checkEphemeralUpdate(pod, old, check);
  if (context.subresource !== '') return check.errors;
  const spec = objectAt(pod, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  for (const list of ['containers', 'initContainers']) {
    if (objectsAt(spec, list).length === objectsAt(before, list).length) continue;
    check.forbidden(`spec.${list}`, 'pod updates may not add or remove containers');
    return check.errors;
  }
  checkDeadline(numberAt(spec, 'activeDeadlineSeconds'), numberAt(before, 'activeDeadlineSeconds'), check);
  const allowance = (one: JsonObject) => ({ ...one, tolerationSeconds: null });
  const tolerations = objectsAt(spec, 'tolerations').map(allowance);
  if (!objectsAt(before, 'tolerations').every((one) => tolerations.some((other) => jsonEqual(allowance(one), other))))
    check.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds');
  const nodeGiven = textAt(spec, 'nodeName') !== textAt(before, 'nodeName');
  if (nodeGiven || !jsonEqual(withOldMutables(spec, before), before)) check.forbidden('spec', MUTABLE_TEXT);
  return check.errors;
}

/** Pods: what may be said at create, and the little that may change later. */
export const pod: Strategy = {
  defaults: defaultPod,
  initialStatus: (object) => ({ phase: 'Pending', qosClass: qualityOfService(objectAt(object, 'spec')) }),
  prepare(object, old, { subresource }) {
    if (old && subresource === EPHEMERAL) keepAllButEphemeral(object, old);
    const spec = objectAt(object, 'spec');
    const grace = numberAt(spec, 'terminationGracePeriodSeconds');
    if (spec && grace !== undefined && grace < 0) spec['terminationGracePeriodSeconds'] = 1;
  },
  validate,
  validateCreate,
  // Whoever updates pods is no person, and does it often.
  warnings: (object, old) => (old ? [] : [...nameWarnings(object, "the Pod's hostname"), ...podWarnings(object)]),
  validateUpdate,
  columns: POD_COLUMNS,
  fieldSelectors: {
    'spec.nodeName': (object) => textAt(object, 'spec', 'nodeName'),
    'spec.restartPolicy': (object) => textAt(object, 'spec', 'restartPolicy'),
    'spec.schedulerName': (object) => textAt(object, 'spec', 'schedulerName'),
    'spec.serviceAccountName': (object) => textAt(object, 'spec', 'serviceAccountName'),
    'spec.hostNetwork': (object) => String(objectAt(object, 'spec')?.['hostNetwork'] === true),
    'status.phase': (object) => textAt(object, 'status', 'phase'),
    'status.podIP': (object) => textAt(object, 'status', 'podIP'),
    'status.podIPs': (object) =>
      objectsAt(object, 'status', 'podIPs')
        .map((one) => textAt(one, 'ip'))
        .join(','),
    'status.nominatedNodeName': (object) => textAt(object, 'status', 'nominatedNodeName'),
  },
};
