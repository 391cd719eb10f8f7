import type { AdmissionPlugin } from '../call.ts';
import type { ObjectReader } from '../object-reader.ts';
import { accessReviews } from './access-reviews.ts';
import { escalationPlugin } from './escalation-plugin.ts';
import { alwaysAllow, type Rbac, rbacAuthorizer } from './rbac.ts';
import { rbacChange, rbacIndex } from './rbac-index.ts';
import type { VirtualHandler } from './virtual-handler.ts';

/** How requests are authorized. */
export type AuthorizationMode = 'RBAC' | 'AlwaysAllow';

/** All that authorization offers to the API server. Disposing it ends its subscriptions. */
export interface Authorization extends Disposable {
  readonly authorizer: Rbac;
  /** First in the chain: checks that nobody hands out more than he has. */
  readonly plugin: AdmissionPlugin;
  readonly reviews: readonly VirtualHandler[];
}

const KINDS = {
  Role: 'roles',
  ClusterRole: 'clusterroles',
  RoleBinding: 'rolebindings',
  ClusterRoleBinding: 'clusterrolebindings',
};

/** Authorization over the committed roles and bindings: every change counts from the moment it is committed. */
export function createAuthorization(reader: ObjectReader, mode: AuthorizationMode): Authorization {
  const index = rbacIndex();
  const stops: (() => void)[] = [];
  for (const [kind, plural] of Object.entries(KINDS)) {
    const stored = { group: 'rbac.authorization.k8s.io', plural };
    const apply: Parameters<ObjectReader['onChange']>[1] = (now, before) => {
      const change = rbacChange(kind, now, before);
      if (change) index.apply(change);
    };
    stops.push(reader.onChange(stored, apply));
    for (const object of reader.list(stored)) apply(object, undefined);
  }
  const authorizer = mode === 'RBAC' ? rbacAuthorizer(index) : alwaysAllow;
  return {
    authorizer,
    plugin: escalationPlugin(authorizer, index),
    reviews: accessReviews(authorizer),
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}
