import { keyText, type ObjectKey } from '@crownlabs/client';
import { type Clock, hasCode, type Logger, messageOf, type QueueObserver, scope, silent, systemClock, WorkQueue } from '@crownlabs/std';
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
  const queue = new WorkQueue<ObjectKey>(keyText, undefined, options.metrics?.queue?.(options.name));
  let started = false;
  return {
    name: options.name,
    idle: (withinMs = 0) => started && queue.idle(withinMs),
    async run(signal) {
      await using owned = scope();
      await Promise.all(options.sources.map((source) => source.synced(signal)));
      for (const source of options.sources) owned.defer(source.start((key) => queue.add(key)));
      started = true;
      await queue.run((key) => attempt(options, queue, key, signal), options.workers ?? 1, signal);
    },
  };
}

async function attempt(options: ControllerOptions, queue: WorkQueue<ObjectKey>, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const { name, reconcile, clock = systemClock, metrics } = options;
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
    report(options, key, error, queue.failures(key));
    metrics?.reconciled(name, 'failed', seconds());
  }
}

function report({ name, log = silent }: ControllerOptions, key: ObjectKey, error: unknown, failures: number): void {
  const fields = { controller: name, key: keyText(key), error: messageOf(error), failures };
  // Somebody else was faster: that is how optimistic concurrency works, and the next try reads afresh.
  if (hasCode(error, 'Conflict') && failures <= 3) log.debug('A reconcile met a conflict and is tried again', fields);
  else log.warn('A reconcile failed and is tried again', fields);
}
