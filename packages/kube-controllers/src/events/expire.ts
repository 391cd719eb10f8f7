import { events } from '@crownlabs/client';
import { type Controller, controller, manualSource } from '@crownlabs/controller';
import type { Cluster } from '../cluster.ts';

const LIFE_MS = 60 * 60 * 1000;
const LOOK_MS = 5 * 60 * 1000;
const ALL = { name: 'events' };

/** Deletes events after an hour: they are news, not records. */
export function eventExpiry({ client, clock, log }: Cluster): Controller {
  const source = manualSource();
  const start = source.start.bind(source);
  return controller({
    name: 'event-expiry',
    sources: [
      {
        ...source,
        start: (enqueue) => {
          enqueue(ALL);
          return start(enqueue);
        },
      },
    ],
    reconcile: async (_, signal) => {
      const { items } = await client.list(events);
      for (const event of items) {
        if (signal.aborted) break;
        const last = Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '');
        if (last + LIFE_MS <= clock.now()) await client.delete(events, event.metadata.name, event.metadata.namespace);
      }
      return { afterMs: LOOK_MS };
    },
    log,
    clock,
  });
}
