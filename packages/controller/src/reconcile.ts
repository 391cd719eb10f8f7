import type { ObjectKey } from '@crownlabs/client';

/** `undefined` means done until something changes; a delay means look again then. Failure is thrown. */
export type Requeue = { readonly afterMs: number } | undefined;

/** Reads, converges, reports. It gets a key, never the event: it must work whatever happened, and however often it is called. */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<Requeue>;
