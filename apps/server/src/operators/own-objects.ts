import { informer, type KubeClient, type KubeObject, type Resource } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';

/** An object that the program made for itself, and relies on. */
export interface OwnObject {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace?: string;
}

/** What it is watched with. */
export interface OwnObjectTools {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Several changes that come together are one. */
const GATHER_MS = 200;

/** Does `work` whenever somebody changes or deletes one of `objects`, one time after the other, until `signal` aborts. `work` throws nothing. */
export function whenTouched(
  { client, clock, log }: OwnObjectTools,
  objects: readonly OwnObject[],
  work: () => Promise<void>,
  signal: AbortSignal,
): void {
  let rung = false;
  let busy = false;
  const ring = async () => {
    rung = true;
    if (busy) return;
    busy = true;
    while (rung && !signal.aborted) {
      await clock.sleep(GATHER_MS, signal).catch(() => undefined);
      rung = false;
      if (!signal.aborted) await work();
    }
    busy = false;
  };
  for (const { resource, name, namespace } of objects) {
    const options = { labelSelector: 'crownlabs.polito.it/managed-by=operators', ...(namespace === undefined ? {} : { namespace }) };
    const live = informer<KubeObject>(client, resource, { clock, log, ...options }, signal);
    // What appears was just made, by us or by another replica that takes care of it.
    live.onChange((_now, before) => void (before?.metadata.name === name && ring()));
  }
}
