import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import { forbidden, notFound } from '../status-error.ts';
import { aggregates } from './access-reviews.ts';
import { resourceAttributes } from './attributes.ts';
import { escalation } from './escalation.ts';
import type { Rbac } from './rbac.ts';
import type { RbacIndex } from './rbac-index.ts';
import { type PolicyRule, rulesOf } from './rule.ts';

const GROUP = 'rbac.authorization.k8s.io';
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

/** Nobody hands out more than he has: checks writes of roles and bindings. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping */
export function escalationPlugin(rbac: Rbac, index: RbacIndex): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ resource, operation }) => resource.group === GROUP && (operation === 'CREATE' || operation === 'UPDATE'),
    validate: (call) => {
      if (!call.object || onlyCollectorFields(call.object, call.old)) return;
      if (call.resource.kind.endsWith('Binding')) checkBinding(rbac, index, call, call.object);
      else checkRole(rbac, call, call.object);
    },
  };
}

function checkRole(rbac: Rbac, call: AdmissionCall, role: JsonObject): void {
  const sameRules = call.old && JSON.stringify(call.old['rules'] ?? []) === JSON.stringify(role['rules'] ?? []);
  if (sameRules && (!aggregates(role) || aggregates(call.old))) return;
  if (mayFor(rbac, call, 'escalate', { resource: call.resource.plural, name: call.name })) return;
  // Whoever sets what a role aggregates decides over rules that do not exist yet.
  refuse(rbac, call, aggregates(role) ? EVERYTHING : rulesOf(role));
}

function checkBinding(rbac: Rbac, index: RbacIndex, call: AdmissionCall, binding: JsonObject): void {
  const ref = { kind: textAt(binding, 'roleRef', 'kind'), name: textAt(binding, 'roleRef', 'name') };
  if (mayFor(rbac, call, 'bind', { resource: `${ref.kind.toLowerCase()}s`, name: ref.name })) return;
  const rules = index.rules(ref, call.namespace);
  if (!rules) throw notFound(call.resource, ref.name);
  refuse(rbac, call, rules);
}

function mayFor(rbac: Rbac, call: AdmissionCall, verb: string, role: { resource: string; name: string }): boolean {
  return rbac.authorize(resourceAttributes({ verb, group: GROUP, ...role, namespace: call.namespace }), call.user).allowed;
}

function refuse(rbac: Rbac, call: AdmissionCall, rules: readonly PolicyRule[]): void {
  const why = escalation(rbac, call.user, rules, call.namespace);
  if (why) throw forbidden(call.resource, call.name, why);
}

/** The garbage collector must be able to take away finalizers and owners without holding every right. */
function onlyCollectorFields(now: JsonObject, before: JsonObject | undefined): boolean {
  if (!before) return false;
  const rest = (object: JsonObject) => {
    const { finalizers: _f, ownerReferences: _o, resourceVersion: _r, managedFields: _m, ...metadata } = objectAt(object, 'metadata') ?? {};
    return JSON.stringify({ ...object, metadata });
  };
  return JSON.stringify(objectAt(now, 'metadata')) !== JSON.stringify(objectAt(before, 'metadata')) && rest(now) === rest(before);
}
