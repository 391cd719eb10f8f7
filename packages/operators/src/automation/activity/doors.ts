import { USE_NAMESPACE } from '@crownlabs/api';
import { type Informer, informer, type Kube, type KubeClient, leases } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { ActivitySource } from './source.ts';

/** What the doors reported, by the uid of the Instance. */
export type UseReports = Informer<Kube<Lease>>;

const SKEW_MS = 60_000;

/** Follows the reports of the doors. */
export function followUse(client: KubeClient, options: { clock: Clock; log: Logger }, signal: AbortSignal): UseReports {
  const indexes = { holder: ({ spec }: Kube<Lease>) => [spec?.holderIdentity ?? ''] };
  return informer(client, leases, { ...options, namespace: USE_NAMESPACE, indexes }, signal);
}

/** Activity as our own doors see it: keys, clicks and requests of people, not open windows. */
export function doorActivity(reports: UseReports, clock: Clock): ActivitySource {
  return {
    lastUse: async ({ metadata: { uid = '' } }) => {
      const at = Date.parse(reports.get(uid, USE_NAMESPACE)?.spec?.renewTime ?? '');
      const now = clock.now();
      // A report from the future would keep an instance for as long as somebody pleases; clocks that differ a little do no harm.
      return Number.isNaN(at) || at > now + SKEW_MS ? undefined : Math.min(at, now);
    },
  };
}
