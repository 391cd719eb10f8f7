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
import { selectorProblems, selectorRemarks } from './review-selectors.ts';
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
    review('SubjectAccessReview', (_, object) => {
      demandNone([...attributeProblems(object), ...subjectProblems(object), ...selectorsOf(object), ...metadataProblems(object)]);
      return answer(rbac, object, subjectOf(object));
    }),
    review('LocalSubjectAccessReview', (call, object) => {
      const placed = { ...object, metadata: { ...objectAt(object, 'metadata'), namespace: call.namespace } };
      demandNone(localProblems(placed, call.namespace));
      return answer(rbac, placed, subjectOf(placed));
    }),
    review('SelfSubjectAccessReview', (call, object) => {
      demandNone([...attributeProblems(object), ...selectorsOf(object), ...metadataProblems(object)]);
      return answer(rbac, object, call.user);
    }),
    review('SelfSubjectRulesReview', (call, object) => rules(rbac, call.user, object)),
  ];
}

function answer(rbac: Rbac, object: JsonObject, user: UserInfo): JsonObject {
  const attributes = attributesOf(object);
  const { allowed, reason } = rbac.authorize(attributes, user);
  const remarks = selectorRemarks(objectAt(object, 'spec', 'resourceAttributes')).join('; ');
  return { ...object, status: { allowed, ...(reason && { reason }), ...(remarks && { evaluationError: remarks }) } };
}

function selectorsOf(object: JsonObject): FieldError[] {
  return selectorProblems(objectAt(object, 'spec', 'resourceAttributes'));
}

/** A question has no name, no labels, and at most the namespace that it is asked in. */
function metadataProblems(object: JsonObject, detail = 'must be empty'): FieldError[] {
  const metadata = objectAt(object, 'metadata') ?? {};
  const { managedFields: _, creationTimestamp: __, ...said } = metadata;
  return Object.keys(said).length > 0 ? [invalidField('metadata', said, detail)] : [];
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
  return { username: textAt(spec, 'user'), groups: textsAt(spec, 'groups') };
}

function subjectProblems(object: JsonObject): FieldError[] {
  const { username, groups } = subjectOf(object);
  if (username !== '' || groups.length > 0) return [];
  return [invalidField('spec.user', '', 'at least one of user or group must be specified')];
}

function localProblems(object: JsonObject, namespace: string): FieldError[] {
  const resource = objectAt(object, 'spec', 'resourceAttributes');
  const path = objectAt(object, 'spec', 'nonResourceAttributes');
  const { namespace: _, ...metadata } = objectAt(object, 'metadata') ?? {};
  const asked = textAt(resource, 'namespace');
  const elsewhere = resource !== undefined && asked !== namespace;
  return [
    ...attributeProblems(object),
    ...subjectProblems(object),
    ...selectorsOf(object),
    ...metadataProblems({ metadata }, 'must be empty except for namespace'),
    ...(elsewhere ? [invalidField('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')] : []),
    ...(path ? [invalidField('spec.nonResourceAttributes', path, 'disallowed on this kind of request')] : []),
  ];
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
    metadata: {},
    spec: {},
    status: {
      resourceRules: found.filter((rule) => rule.resources.length > 0).map(resourceRule),
      nonResourceRules: found.filter((rule) => rule.nonResourceURLs.length > 0).map(pathRule),
      // Roles that are bound but missing are told of; what is there was read completely.
      incomplete: false,
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
