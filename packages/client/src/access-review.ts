import { subjectAccessReviews } from './built-in.ts';
import type { KubeClient } from './client.ts';

/** Of whom it is asked whether they may. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What they would do. */
export interface ReviewedAccess {
  readonly verb: string;
  /** `''` or absent for core. */
  readonly group?: string;
  readonly version?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The answer of RBAC, with its words. */
export interface ReviewVerdict {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Asks the API whether `user` may do this (SubjectAccessReview). Nothing is remembered: an answer is true for the moment. */
export async function review(client: KubeClient, user: ReviewedUser, access: ReviewedAccess): Promise<ReviewVerdict> {
  const { username, uid, groups, extra } = user;
  const { status } = await client.create(subjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: username,
      ...(uid === undefined ? {} : { uid }),
      groups: [...(groups ?? [])],
      extra: Object.fromEntries(Object.entries(extra ?? {}).map(([name, values]) => [name, [...values]])),
      resourceAttributes: { ...access },
    },
  });
  return { allowed: status?.allowed === true, reason: status?.reason ?? '' };
}
