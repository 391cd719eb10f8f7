import { LabError } from '@crownlabs/std';
import type { AdmissionCall, RequestAttributes } from '../call.ts';
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import { invalid as invalidField } from '../schema/index.ts';
import { invalid } from '../status-error.ts';
import type { UserInfo } from '../user.ts';
import { pathAttributes, resourceAttributes } from './attributes.ts';
import { joinErrors, type Rbac } from './rbac.ts';
import type { PolicyRule } from './rule.ts';
import type { VirtualHandler } from './virtual-handler.ts';

const GROUP = 'authorization.k8s.io';

/** The four reviews by which a client asks what somebody, or it itself, may do. */
export function accessReviews(rbac: Rbac): readonly VirtualHandler[] {
  const review = (kind: string, create: (call: AdmissionCall, object: JsonObject) => JsonObject): VirtualHandler => ({
    group: GROUP,
    kind,
    resource: `${kind.toLowerCase()}s`,
    create: async (call) => create(call, call.object ?? {}),
  });
  return [
    review('SubjectAccessReview', (_, object) => answer(rbac, object, subjectOf(object))),
    review('LocalSubjectAccessReview', (call, object) => answer(rbac, object, localSubjectOf(call, object))),
    review('SelfSubjectAccessReview', (call, object) => answer(rbac, object, call.user)),
    review('SelfSubjectRulesReview', (call, object) => rules(rbac, call.user, object)),
  ];
}

function answer(rbac: Rbac, object: JsonObject, user: UserInfo): JsonObject {
  const attributes = attributesOf(object);
  const { allowed, reason } = rbac.authorize(attributes, user);
  return { ...object, status: { allowed, ...(reason && { reason }) } };
}

/** What is asked about: a resource or a path, and only one of them. */
function attributeProblems(object: JsonObject): FieldError[] {
  const path = objectAt(object, 'spec', 'nonResourceAttributes');
  const resource = objectAt(object, 'spec', 'resourceAttributes');
  if (path && resource)
    return [invalidField('spec.nonResourceAttributes', path, 'cannot be specified in combination with resourceAttributes')];
  if (path || resource) return [];
  return [invalidField('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
}

function attributesOf(object: JsonObject): RequestAttributes {
  demandNone(attributeProblems(object));
  const path = objectAt(object, 'spec', 'nonResourceAttributes');
  const resource = objectAt(object, 'spec', 'resourceAttributes');
  if (path) return pathAttributes(textAt(path, 'verb'), textAt(path, 'path'));
  return resourceAttributes({
    verb: textAt(resource, 'verb'),
    group: textAt(resource, 'group'),
    version: textAt(resource, 'version'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    name: textAt(resource, 'name'),
    namespace: textAt(resource, 'namespace'),
  });
}

function subjectOf(object: JsonObject): UserInfo {
  const spec = objectAt(object, 'spec');
  const username = textAt(spec, 'user');
  const groups = textsAt(spec, 'groups');
  const nobody = username === '' && groups.length === 0;
  demandNone([
    ...attributeProblems(object),
    ...(nobody ? [invalidField('spec.user', '', 'at least one of user or group must be specified')] : []),
  ]);
  return { username, groups };
}

function localSubjectOf(call: AdmissionCall, object: JsonObject): UserInfo {
  const namespace = textAt(object, 'spec', 'resourceAttributes', 'namespace');
  const user = subjectOf(object);
  if (namespace !== call.namespace) {
    demandNone([invalidField('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace')]);
  }
  return user;
}

/** The recorded API names no kind in these refusals, neither in the text nor in the details. */
function demandNone(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw invalid({ group: GROUP, kind: '' }, '', problems);
}

function rules(rbac: Rbac, user: UserInfo, object: JsonObject): JsonObject {
  const namespace = textAt(object, 'spec', 'namespace');
  if (!namespace) throw new LabError('BadRequest', 'no namespace on request');
  const { rules: found, errors } = rbac.rulesFor(user, namespace);
  return {
    ...object,
    spec: {},
    status: {
      resourceRules: found.filter((rule) => rule.resources.length > 0).map(resourceRule),
      nonResourceRules: found.filter((rule) => rule.nonResourceURLs.length > 0).map(pathRule),
      incomplete: errors.length > 0,
      ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
    },
  };
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): JsonObject {
  const rule: JsonObject = { verbs: [...verbs], apiGroups: [...apiGroups], resources: [...resources] };
  if (resourceNames.length > 0) rule['resourceNames'] = [...resourceNames];
  return rule;
}

function pathRule({ verbs, nonResourceURLs }: PolicyRule): JsonObject {
  return { verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] };
}

/** Whether `object` has an `aggregationRule` with at least one selector. */
export function aggregates(object: JsonObject | undefined): boolean {
  return objectsAt(object, 'aggregationRule', 'clusterRoleSelectors').length > 0;
}
