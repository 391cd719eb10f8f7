import { type Clock, hasCode, type Logger, lull, messageOf, rfc3339, silent, systemClock } from '@crownlabs/std';
import { events } from './built-in.ts';
import type { KubeClient } from './client.ts';
import type { KubeObject } from './object.ts';

/** Something that happened to an object, as `kubectl describe` shows it. */
export interface Happening {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** For people; never a secret. */
  readonly message: string;
}

/** Records Events. Recording never fails a caller: what cannot be written is logged. */
export interface EventRecorder {
  record(about: KubeObject, happening: Happening): void;
}

/** What an EventRecorder needs. */
export interface EventRecorderOptions {
  /** The component that reports. */
  readonly component: string;
  readonly clock?: Clock;
  readonly log?: Logger;
}

const REMEMBERED = 2_000;
const LATEST_MS = 10_000;

/** What happened, and is not written yet. */
interface Untold {
  readonly about: { readonly name: string; readonly namespace: string; readonly reference: object };
  readonly happening: Happening;
  readonly first: string;
  last: string;
  times: number;
}

/**
 * An EventRecorder over `client`; the same happening again raises the count of its Event instead of making another one. An Event is about
 * work, so it gives way to the work: it is written when there is a moment to spare.
 */
export function eventRecorder(client: KubeClient, { component, clock = systemClock, log = silent }: EventRecorderOptions): EventRecorder {
  const known = new Map<string, { name: string; namespace: string; count: number }>();
  const untold = new Map<string, Untold>();

  async function write(id: string, { about, happening, first, last, times }: Untold): Promise<void> {
    const seen = known.get(id);
    if (seen) {
      seen.count += times;
      try {
        await client.patch(events, seen.name, seen.namespace, { count: seen.count, lastTimestamp: last });
        return;
      } catch (error) {
        // Events live an hour: this one is gone, so it is told anew.
        if (!hasCode(error, 'NotFound')) throw error;
      }
    }
    const suffix = `${Math.floor(clock.now()).toString(16)}${Math.floor(Math.random() * 65_536).toString(16)}`;
    const event = { name: `${about.name.slice(0, 230)}.${suffix}`, namespace: about.namespace, count: times };
    if (known.size >= REMEMBERED) known.clear();
    known.set(id, event);
    await client.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: event.name, namespace: event.namespace },
      involvedObject: about.reference,
      ...happening,
      message: happening.message.slice(0, 1024),
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: first,
      lastTimestamp: last,
      count: times,
    });
  }

  async function tell(id: string, it: Untold): Promise<void> {
    await lull(LATEST_MS);
    untold.delete(id);
    await write(id, it).catch((error: unknown) =>
      log.warn('An Event was not recorded', { reason: it.happening.reason, error: messageOf(error) }),
    );
  }

  return {
    record(object, happening) {
      const { name, namespace = 'default', uid } = object.metadata;
      const id = [uid, happening.type, happening.reason, happening.message].join('\n');
      const now = rfc3339(clock.now());
      const waiting = untold.get(id);
      if (waiting) {
        waiting.last = now;
        waiting.times += 1;
        return;
      }
      const it = { about: { name, namespace, reference: reference(object) }, happening, first: now, last: now, times: 1 };
      untold.set(id, it);
      void tell(id, it);
    },
  };
}

function reference({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }: KubeObject) {
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
