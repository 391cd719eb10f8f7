import { informer, type KubeClient, type KubeObject, type Resource } from '@crownlabs/client';
import type { Logger } from '@crownlabs/std';
import { disks, guests, machines } from '@crownlabs/virt';

/** Resolves when there is a machine or a disk for one, or at the end. Most installations have none, and are not to pay for who looks after them. */
export async function firstMachine(client: KubeClient, log: Logger, signal: AbortSignal): Promise<void> {
  const found = Promise.withResolvers<void>();
  const enough = new AbortController();
  const until = AbortSignal.any([signal, enough.signal]);
  const look = <T extends KubeObject>(kind: Resource<T>) => informer(client, kind, { log }, until).onChange(() => found.resolve());
  for (const kind of [machines, guests, disks]) look<KubeObject>(kind);
  signal.addEventListener('abort', () => found.resolve(), { once: true });
  await found.promise;
  enough.abort();
}
