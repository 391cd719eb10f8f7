import type { UserInfo } from '@crownlabs/apiserver';

/** Where our own ServiceAccounts, bindings and state live. */
export const SYSTEM_NAMESPACE = 'crownlabs-system';

/** The gateway's client at the OpenID provider, and the audience of every token. */
export const CLIENT_ID = 'k8s';

/** What tokens of our own provider become for the API. */
export const GROUPS_PREFIX = 'kubernetes:';

/** A room as the API knows it: its ServiceAccount, without a token because it skips the socket. */
export function roomUser(room: string): UserInfo {
  return {
    username: `system:serviceaccount:${SYSTEM_NAMESPACE}:${room}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM_NAMESPACE}`, 'system:authenticated'],
  };
}

/** The agent as the API knows it: a node. */
export function nodeUser(node: string): UserInfo {
  return { username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] };
}

/** Serves the bootstrap alone. */
export const BOOTSTRAP: UserInfo = { username: 'system:crownlabs-bootstrap', groups: ['system:masters', 'system:authenticated'] };

/** The controllers of Kubernetes' own kinds, under the name that its default roles know. */
export const CONTROLLER_MANAGER: UserInfo = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] };
