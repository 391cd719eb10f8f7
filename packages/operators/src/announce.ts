import type { Condition } from '@crownlabs/api';
import type { EventRecorder, KubeObject } from '@crownlabs/client';

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined };
}

/** Conditions that are good news when they are True. */
const GOOD = new Set(['Ready', 'Valid', 'DriveReady', 'DirectorySynchronized']);

/**
 * An Event for each condition that turned, so that `kubectl describe` tells the story. What is well from the beginning needs none: only
 * what went wrong, and what came right again.
 */
export function announceConditions(events: EventRecorder, about: Conditioned, now: readonly Condition[]): void {
  for (const { type, status, reason, message } of now) {
    const before = about.status?.conditions?.find((it) => it.type === type);
    if (before?.reason === reason && before.status === status) continue;
    const well = GOOD.has(type) === (status === 'True');
    if (well && (before === undefined || before.status === status)) continue;
    events.record(about, { type: well ? 'Normal' : 'Warning', reason, message });
  }
}
