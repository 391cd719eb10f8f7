import type { Authorizer, Decision, RequestAttributes } from '../call.ts';
import type { UserInfo } from '../user.ts';
import type { Grant, RbacIndex } from './rbac-index.ts';
import { allows, type PolicyRule } from './rule.ts';

/** Members of it may do everything, and roles cannot take that away. */
export const SUPERUSERS = 'system:masters';

/** Rules that apply to somebody, and what could not be looked up. */
interface EffectiveRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/** Role-based access control over an index. */
export interface Rbac extends Authorizer {
  /** Synchronous: it reads memory only, and every request passes through it. */
  authorize(attributes: RequestAttributes, user: UserInfo): Decision;
  rulesFor(user: UserInfo, namespace: string): EffectiveRules;
}

/** The authorizer of mode RBAC. */
export function rbacAuthorizer(index: RbacIndex): Rbac {
  return {
    authorize: (attributes, user) => authorize(index, attributes, user),
    rulesFor: (user, namespace) => rulesFor(index, user, namespace),
  };
}

const ALL: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: ['*'] };

/** The authorizer of mode AlwaysAllow. */
export const alwaysAllow: Rbac = {
  authorize: () => ({ allowed: true, reason: '' }),
  rulesFor: () => ({ rules: [ALL], errors: [] }),
};

function authorize(index: RbacIndex, attributes: RequestAttributes, user: UserInfo): Decision {
  if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' };
  const namespace = attributes.resourceRequest ? attributes.namespace : '';
  const errors: string[] = [];
  for (const grant of index.grants(user, namespace)) {
    const rules = index.rules(grant.roleRef, grant.namespace);
    if (!rules) errors.push(missing(grant));
    else if (rules.some((rule) => allows(rule, attributes))) return { allowed: true, reason: allowedBy(grant) };
  }
  return { allowed: false, reason: errors.length > 0 ? `RBAC: ${joinErrors(errors)}` : '' };
}

function rulesFor(index: RbacIndex, user: UserInfo, namespace: string): EffectiveRules {
  const rules: PolicyRule[] = [];
  const errors: string[] = [];
  for (const grant of index.grants(user, namespace)) {
    const found = index.rules(grant.roleRef, grant.namespace);
    if (found) rules.push(...found);
    else errors.push(missing(grant));
  }
  return { rules, errors };
}

function missing({ roleRef }: Grant): string {
  return `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${roleRef.name}" not found`;
}

function allowedBy({ binding, namespace, roleRef, subject }: Grant): string {
  const name = namespace ? `RoleBinding "${binding}/${namespace}"` : `ClusterRoleBinding "${binding}"`;
  return `RBAC: allowed by ${name} of ${roleRef.kind} "${roleRef.name}" to ${subject}`;
}

/** Several errors as one text, each told once. */
export function joinErrors(errors: readonly string[]): string {
  const unique = [...new Set(errors)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
