import { keyText, type ObjectKey } from '@crownlabs/client';
import {
  type Clock,
  hasCode,
  type Logger,
  lull,
  messageOf,
  type QueueObserver,
  scope,
  silent,
  systemClock,
  WorkQueue,
} from '@crownlabs/std';
import type { Reconcile } from './reconcile.ts';
import type { Source } from './source.ts';

/** Told of every reconcile, for counters and histograms. */
export interface ReconcileMetrics {
  reconciled(controller: string, outcome: 'done' | 'later' | 'failed', seconds: number): void;
  /** Who is told of the controller's queue; nobody if absent. */
  queue?(controller: string): QueueObserver;
}

/** What makes a controller. */
export interface ControllerOptions {
  /** Names it in logs and metrics. */
  readonly name: string;
  readonly reconcile: Reconcile;
  /**
   * Tells of a key that was worked on, when the process has a moment to spare, so that in a rush what people wait for comes first, and what
   * changes several times meanwhile is told once.
   */
  readonly report?: Reconcile;
  /** How long a report waits at most. */
  readonly reportWithinMs?: number;
  readonly sources: readonly Source[];
  /** How many keys are worked on at the same time; one key never twice. */
  readonly workers?: number;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly metrics?: ReconcileMetrics;
}

/** A running loop from changes to reconciles. */
export interface Controller {
  readonly name: string;
  /** Runs until the signal aborts; resolves when the last reconcile is done. */
  run(signal: AbortSignal): Promise<void>;
  /** True when nothing waits, runs, or is due within `withinMs`: for tests and for drain. */
  idle(withinMs?: number): boolean;
}

/** Sources → queue → reconcile. Start it with `run`. */
export function controller(options: ControllerOptions): Controller {
  const { name, report, log, clock, metrics } = options;
  const queue = new WorkQueue<ObjectKey>(keyText, undefined, metrics?.queue?.(name));
  const told = new WorkQueue<ObjectKey>(keyText);
  const who = { name, ...(log ? { log } : {}), ...(clock ? { clock } : {}) };
  const work: Lane = { ...who, queue, reconcile: options.reconcile, ...(metrics ? { metrics } : {}) };
  let started = false;
  return {
    name,
    idle: (withinMs = 0) => started && queue.idle(withinMs) && told.idle(withinMs),
    async run(signal) {
      await using owned = scope();
      await Promise.all(options.sources.map((source) => source.synced(signal)));
      for (const source of options.sources) owned.defer(source.start((key, first) => (first ? queue.addFirst(key) : queue.add(key))));
      started = true;
      await Promise.all([
        queue.run((key) => attempt(work, key, signal).finally(() => report && told.add(key)), options.workers ?? 1, signal),
        report &&
          told.run(
            (key) => attempt({ ...who, queue: told, reconcile: whenQuiet(report, options.reportWithinMs) }, key, signal),
            TELLERS,
            signal,
          ),
      ]);
    },
  };
}

/** A queue, and what is done with its keys. */
interface Lane extends Pick<ControllerOptions, 'name' | 'reconcile' | 'log' | 'clock' | 'metrics'> {
  readonly queue: WorkQueue<ObjectKey>;
}

const REPORT_WITHIN_MS = 1_000;
/** They wait most of their time, and none must wait for the others. */
const TELLERS = 1_000;

function whenQuiet(report: Reconcile, withinMs = REPORT_WITHIN_MS): Reconcile {
  return async (key, signal) => {
    await lull(withinMs);
    return report(key, signal);
  };
}

async function attempt(lane: Lane, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const { name, queue, reconcile, clock = systemClock, metrics } = lane;
  const startedAt = clock.now();
  const seconds = () => (clock.now() - startedAt) / 1000;
  try {
    const again = await reconcile(key, signal);
    queue.forget(key);
    if (again) queue.addAfter(key, again.afterMs);
    metrics?.reconciled(name, again ? 'later' : 'done', seconds());
  } catch (error) {
    if (signal.aborted) return;
    queue.retry(key);
    complain(lane, key, error, queue.failures(key));
    metrics?.reconciled(name, 'failed', seconds());
  }
}

function complain({ name, log = silent }: Lane, key: ObjectKey, error: unknown, failures: number): void {
  const fields = { controller: name, key: keyText(key), error: messageOf(error), failures };
  // Somebody else was faster: that is how optimistic concurrency works, and the next try reads afresh.
  if (hasCode(error, 'Conflict') && failures <= 3) log.debug('A reconcile met a conflict and is tried again', fields);
  else log.warn('A reconcile failed and is tried again', fields);
}
