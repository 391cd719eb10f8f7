import type { Instance } from './instance.ts';
import { ANNOTATION } from './vocabulary.ts';

/**
 * Where doors report when an Instance was used last: one Lease per Instance, named after its uid. A namespace of its own, so that a door may
 * write there and needs no right at all to write Instances.
 */
export const USE_NAMESPACE = 'crownlabs-activity';

/** What a person may be asked to keep: a running instance from being stopped, a stopped one from being deleted, any one from expiring. */
export const KEEP_PURPOSES = ['running', 'stopped', 'expiring'] as const;
/** What a person may be asked to keep. */
export type KeepPurpose = (typeof KEEP_PURPOSES)[number];

/** What a link in a mail keeps, and for whom. */
export interface KeepGrant {
  readonly purpose: KeepPurpose;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The only person for whom it works. */
  readonly tenant: string;
  /** See {@link keepRound}: it makes the link work once. */
  readonly round: string;
  readonly until: number;
}

/**
 * Which round of warnings an Instance is in. It changes as soon as somebody used or kept it, so a link that was made for one round is void in
 * the next, and every link works once at most. `undefined` where the purpose no longer fits.
 */
export function keepRound({ metadata, spec }: Pick<Instance, 'metadata' | 'spec'>, purpose: KeepPurpose): string | undefined {
  const { annotations = {} } = metadata;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (purpose === 'expiring') return annotations[ANNOTATION.keptFromExpiration] === undefined ? 'first' : undefined;
  if (spec.running !== (purpose === 'running')) return undefined;
  const { [ANNOTATION.lastActivity]: usedAt, [ANNOTATION.lastPoweredOff]: stoppedAt } = annotations;
  return spec.running ? usedAt : `${stoppedAt} ${usedAt}`;
}
