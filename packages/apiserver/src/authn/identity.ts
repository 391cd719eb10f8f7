import type { UserInfo } from '../user.ts';

/** Whom a bearer token stands for, and for which of the audiences asked. */
export interface TokenIdentity {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** Understands one sort of bearer token: `undefined` for a token that is not its business, Unauthorized for a bad one. */
export interface TokenAuthenticator {
  authenticate(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>;
}

/** The group of everybody who has proved who he is. */
export const AUTHENTICATED = 'system:authenticated';

/** The group of everybody else. */
export const UNAUTHENTICATED = 'system:unauthenticated';

/** The name of who has no name. */
export const ANONYMOUS = 'system:anonymous';

/** Who a service account is to the rest of the system. */
export function serviceAccountUser(namespace: string, name: string): { username: string; groups: string[] } {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  };
}

/** The namespace and name in a service account's user name. */
export function readServiceAccountName(username: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:/]+):([^:/]+)$/.exec(username);
  return match?.[1] && match[2] ? { namespace: match[1], name: match[2] } : undefined;
}
