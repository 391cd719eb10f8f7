import type { JsonObject } from '../json.ts';
import { mapAt, objectAt, objectsAt, textAt } from '../json-read.ts';
import { acceptNames, usedNames } from './accepted-names.ts';
import { type Condition, conditionStatus, holds, withCondition } from './conditions.ts';

/** The status that a CRD should have beside the other CRDs of its group. Pure. */
export function crdStatus(crd: JsonObject, others: readonly JsonObject[], now: number): JsonObject {
  const { names, condition } = acceptNames(crd, usedNames(others));
  let conditions = withCondition(objectsAt(crd, 'status', 'conditions'), condition, now);
  conditions = withCondition(conditions, established(crd, condition), now);
  const approval = approvalCondition(crd);
  if (approval) conditions = withCondition(conditions, approval, now);
  if (textAt(crd, 'metadata', 'deletionTimestamp') !== '' && conditionStatus(crd, 'Terminating') === '') {
    conditions = withCondition(
      conditions,
      terminating('InstanceDeletionPending', 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon'),
      now,
    );
  }
  const status = objectAt(crd, 'status') ?? {};
  return { ...status, acceptedNames: names, conditions };
}

/** The condition of a CRD whose objects are being deleted. */
export function terminating(reason: string, message: string): Condition {
  return { type: 'Terminating', status: 'True', reason, message };
}

function established(crd: JsonObject, names: Condition): Condition {
  const accepted = {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  } as const;
  // Established once, a CRD stays so, whatever names it asks for later.
  if (names.status === 'True' || holds(crd, 'Established')) return accepted;
  return { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}

const APPROVAL = 'api-approved.kubernetes.io';

function approvalCondition(crd: JsonObject): Condition | undefined {
  const group = textAt(crd, 'spec', 'group');
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return undefined;
  const approved = mapAt(crd, 'metadata', 'annotations')[APPROVAL] ?? '';
  const type = 'KubernetesAPIApprovalPolicyConformant';
  if (approved.startsWith('unapproved')) {
    return { type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: "${APPROVAL}": ${JSON.stringify(approved)}` };
  }
  return { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${approved}` };
}
