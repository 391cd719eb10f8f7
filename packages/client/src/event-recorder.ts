import { type Clock, hasCode, type Logger, messageOf, rfc3339, silent, systemClock } from '@crownlabs/std';
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

/** An EventRecorder over `client`; the same happening again raises the count of its Event instead of making another one. */
export function eventRecorder(client: KubeClient, { component, clock = systemClock, log = silent }: EventRecorderOptions): EventRecorder {
  const known = new Map<string, { name: string; namespace: string; count: number }>();

  async function write(about: KubeObject, happening: Happening): Promise<void> {
    const { name, namespace = 'default', uid } = about.metadata;
    const now = rfc3339(clock.now());
    const id = [uid, happening.type, happening.reason, happening.message].join('\n');
    const seen = known.get(id);
    if (seen) {
      seen.count += 1;
      try {
        await client.patch(events, seen.name, seen.namespace, { count: seen.count, lastTimestamp: now });
        return;
      } catch (error) {
        // Events live an hour: this one is gone, so it is told anew.
        if (!hasCode(error, 'NotFound')) throw error;
      }
    }
    const suffix = `${Math.floor(clock.now()).toString(16)}${Math.floor(Math.random() * 65_536).toString(16)}`;
    const event = { name: `${name.slice(0, 230)}.${suffix}`, namespace, count: 1 };
    if (known.size >= REMEMBERED) known.clear();
    known.set(id, event);
    await client.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: event.name, namespace },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, ...reference(about) },
      ...happening,
      message: happening.message.slice(0, 1024),
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
  }

  return {
    record(about, happening) {
      write(about, happening).catch((error: unknown) =>
        log.warn('An Event was not recorded', { reason: happening.reason, error: messageOf(error) }),
      );
    },
  };
}

function reference({ metadata: { name, namespace, uid, resourceVersion } }: KubeObject) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
