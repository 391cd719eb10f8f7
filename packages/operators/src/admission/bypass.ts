import type { OperatorsConfig } from '../config.ts';
import type { ReviewUser } from './review.ts';

/** Whether somebody may change Tenants without being checked. */
export function bypasses({ groups }: ReviewUser, { bypassGroups }: Pick<OperatorsConfig, 'bypassGroups'>): boolean {
  return groups.some((group) => bypassGroups.includes(group));
}
