import { CROWNLABS_GROUP } from '@crownlabs/api';
import type { ApiRequest } from '@crownlabs/client';

/** Who tries. */
export type Attacker = 'student' | 'manager of another workspace' | 'anonymous' | 'student in the sandbox';

/** One attempt at what is not theirs. */
export interface Attempt {
  readonly who: Attacker;
  readonly what: string;
  readonly method: ApiRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  /** HTTP status codes of a refusal; 403 unless said otherwise. */
  readonly refused?: readonly number[];
  /** How a PATCH is meant; a merge patch without. */
  readonly patchType?: 'application/json-patch+json' | 'application/apply-patch+yaml';
  /** What has to stand in the refusal, where the code alone could mean something else. */
  readonly because?: RegExp;
}

/** Where the kinds of the lab are served. */
export const V2 = `/apis/${CROWNLABS_GROUP}/v1alpha2`;
/** Where Workspaces and ImageLists are served. */
export const V1 = `/apis/${CROWNLABS_GROUP}/v1alpha1`;
/** Where roles are served. */
export const RBAC = '/apis/rbac.authorization.k8s.io/v1';
/** A path of the core group in a namespace. */
export const core = (namespace: string, rest: string) => `/api/v1/namespaces/${namespace}/${rest}`;

/** An attempt to read. */
export const get = (who: Attacker, what: string, path: string): Attempt => ({ who, what, method: 'GET', path });
/** An attempt to delete. */
export const remove = (who: Attacker, what: string, path: string): Attempt => ({ who, what, method: 'DELETE', path });
/** An attempt to change a part. */
export const patch = (who: Attacker, what: string, path: string, body: unknown): Attempt => ({ who, what, method: 'PATCH', path, body });
/** An attempt to create. */
export const post = (who: Attacker, what: string, path: string, body: unknown): Attempt => ({ who, what, method: 'POST', path, body });

/** An object of a kind by name, with what else it has. */
export function object(kind: string, apiVersion: string, name: string, rest: object = {}) {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

/** All rights there are, for the student. */
export const clusterAdmin = {
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'student' }],
};
