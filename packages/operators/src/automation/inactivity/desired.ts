import { ANNOTATION, type Instance } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';
import { spanMs, timeOf, wholeSecond } from '../span.ts';
import { nextStep, type WarningStep } from '../warnings.ts';
import type { UnusedFacts } from './facts.ts';

/** Annotations to write; null removes one. */
export type Notes = Record<string, string | null>;

/** The annotations that count one kind of warnings. */
export interface Counter {
  readonly sent: string;
  readonly lastSent: string;
}

/** Warnings to whoever does not use a running instance. */
export const STOP_COUNTER: Counter = { sent: ANNOTATION.numberAlertsSent, lastSent: ANNOTATION.lastNotification };

/** Warnings to whoever left a stopped one. */
export const DELETE_COUNTER: Counter = { sent: ANNOTATION.destructionAlertsSent, lastSent: ANNOTATION.lastDestructionNotification };

/** What is to be written down about use and power, so that a restart knows as much; nothing where it is there already. */
export function bookkeeping(facts: UnusedFacts): Notes {
  const { instance, template } = facts;
  const { stopAfterInactivity, deleteAfterInactivity } = template.spec.cleanup;
  const has = instance.metadata.annotations ?? {};
  // Where nothing is ever stopped, an instance costs no write; where something was, starts and stops are followed on.
  const followed = (spanMs(stopAfterInactivity) ?? spanMs(deleteAfterInactivity) ?? has[ANNOTATION.lastRunning]) !== undefined;
  const wants = { ...(followed ? powerNotes(instance, facts.now) : {}), ...useNotes(facts) };
  return Object.fromEntries(Object.entries(wants).filter(([key, value]) => (has[key] ?? null) !== value));
}

/** A start or a stop begins a new round. Whoever is seen for the first time begins one, too: nobody is stopped for the time before. */
function powerNotes({ spec, metadata: { annotations = {} } }: Instance, now: number): Notes {
  const running = String(spec.running);
  if (annotations[ANNOTATION.lastRunning] === running) return {};
  // The mail about the stop may still be on its way when the stop is noted.
  const seen = spec.running
    ? { ...usedNotes(now), ...freshRound(STOP_COUNTER), [ANNOTATION.inactivityMail]: null }
    : freshRound(DELETE_COUNTER);
  return { [ANNOTATION.lastRunning]: running, ...seen };
}

/** Use that is news ends the round: whoever came back is warned from the beginning. */
function useNotes({ instance, usedAt }: UnusedFacts): Notes {
  if (usedAt === undefined) return {};
  const { annotations = {} } = instance.metadata;
  const known = timeOf(annotations[ANNOTATION.lastActivity]) ?? 0;
  // The last use before a stop is reported after it; only what comes later keeps a stopped instance.
  const stoppedAt = instance.spec.running ? 0 : (timeOf(annotations[ANNOTATION.lastPoweredOff]) ?? 0);
  const at = wholeSecond(usedAt);
  if (at <= known || at <= stoppedAt) return {};
  const counter = instance.spec.running ? STOP_COUNTER : DELETE_COUNTER;
  const warned = timeOf(annotations[counter.lastSent]) !== undefined;
  return { ...usedNotes(at), ...(warned ? { ...freshRound(counter), [ANNOTATION.inactivityMail]: null } : {}) };
}

function usedNotes(at: number): Notes {
  return { [ANNOTATION.lastActivity]: rfc3339(at), [ANNOTATION.lastActivityCheck]: rfc3339(at) };
}

function freshRound({ sent, lastSent }: Counter): Notes {
  return { [sent]: '0', [lastSent]: null };
}

/** The state of things with the notes written down. */
export function withNotes(instance: Instance, notes: Notes): Instance {
  const annotations = Object.entries({ ...instance.metadata.annotations, ...notes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return { ...instance, metadata: { ...instance.metadata, annotations: Object.fromEntries(annotations) } };
}

/** What is to be done about an instance, and since when nobody used it. */
export interface UnusedPlan {
  readonly what: 'stop' | 'delete';
  readonly counter: Counter;
  readonly unusedSince: number;
  /** From when on it is worth telling when it will be done. */
  readonly tellFrom: number;
  readonly step: WarningStep;
}

const TOLD_BEFORE_MS = 3_600_000;

/** The plan for an instance whose books are in order; nothing where nothing will ever be done. */
export function unusedPlan({ instance, template, ignored, stopPlan, deletePlan, now }: UnusedFacts): UnusedPlan | undefined {
  const { annotations = {} } = instance.metadata;
  const { running } = instance.spec;
  const { stopAfterInactivity, deleteAfterInactivity } = template.spec.cleanup;
  const after = spanMs(running ? stopAfterInactivity : deleteAfterInactivity);
  const unusedSince = sinceWhen(instance);
  if (ignored || after === undefined || unusedSince === undefined) return undefined;
  const counter = running ? STOP_COUNTER : DELETE_COUNTER;
  const due = unusedSince + after;
  const step = nextStep({
    due,
    sent: Number(annotations[counter.sent] ?? 0) || 0,
    lastSentAt: timeOf(annotations[counter.lastSent]),
    plan: running ? stopPlan : deletePlan,
    now,
  });
  // A running instance would otherwise get another time with every key that is pressed.
  const tellFrom = running ? due - Math.min(after / 2, TOLD_BEFORE_MS) : unusedSince;
  return { what: running ? 'stop' : 'delete', counter, unusedSince, tellFrom, step };
}

/** Since when nobody used a running instance, or neither started nor kept a stopped one. */
function sinceWhen({ spec, metadata: { annotations = {} } }: Instance): number | undefined {
  const usedAt = timeOf(annotations[ANNOTATION.lastActivity]);
  const stoppedAt = timeOf(annotations[ANNOTATION.lastPoweredOff]);
  if (spec.running) return usedAt;
  return stoppedAt === undefined ? undefined : Math.max(stoppedAt, usedAt ?? 0);
}
