import type { KeepGrant } from '@crownlabs/api';

/** What people are told by mail. Those with `warning` in their names come before something is done, the others after. */
export type NoticeName =
  | 'inactivity-warning'
  | 'inactivity-stopped'
  | 'inactivity-deleted'
  | 'destruction-warning'
  | 'destruction'
  | 'expiration-warning'
  | 'expiration';

/** One thing to tell one person. */
export interface Notice {
  /** The same for the same thing, however often it is tried. */
  readonly id: string;
  readonly name: NoticeName;
  readonly to: { readonly name: string; readonly email: string; readonly language: string | undefined };
  readonly instance: { readonly name: string; readonly namespace: string; readonly prettyName: string; readonly template: string };
  /** When it will be done. */
  readonly actAt?: number;
  /** Whether a stop keeps the disk, or all is deleted. */
  readonly persistent: boolean;
  readonly keep?: KeepGrant;
}

/** Whoever brings notices to people. */
export interface Post {
  /** Resolves when it was taken over for good, `refused` when it never will be. Throws when another try may help. */
  deliver(notice: Notice, signal: AbortSignal): Promise<'delivered' | 'refused'>;
}
