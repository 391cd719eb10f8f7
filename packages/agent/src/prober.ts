import { type Clock, messageOf } from '@crownlabs/std';
import type { Probe } from 'kubernetes-types/core/v1.js';

/** How to probe a container while it runs. */
export interface ProberOptions {
  readonly clock: Clock;
  readonly probe: Probe;
  /** Ask often until the first success: readiness and startup. */
  readonly eager: boolean;
  /** Asks once; throws when the answer is not good. */
  ask(signal: AbortSignal): Promise<void>;
  /** Shared by all probes of a node. */
  readonly crowd: Crowd;
  /** Called when the verdict changes, and at first. */
  verdict(good: boolean, message: string): void;
}

/** How many containers are being asked eagerly at the moment. */
export interface Crowd {
  count: number;
}

const EAGER_MS = 50;
// A command costs the engine a tenth of a second: asking it as often as a socket would keep a processor busy.
const EAGER_EXEC_MS = 250;
const EAGER_FOR_MS = 30_000;

/** Probes until the signal aborts. The thresholds are those of the probe; time is measured, so that eager asking does not exhaust them early. */
export async function probeLoop(options: ProberOptions, signal: AbortSignal): Promise<void> {
  const { clock, probe, crowd } = options;
  if (probe.initialDelaySeconds) await clock.sleep(probe.initialDelaySeconds * 1000, signal);
  const eagerUntil = options.eager ? clock.now() + EAGER_FOR_MS : 0;
  const tally = new Tally(probe, options.eager);
  if (options.eager) crowd.count++;
  let counted = options.eager;
  const leaveCrowd = () => {
    if (counted) crowd.count--;
    counted = false;
  };
  try {
    while (!signal.aborted) {
      const problem = await options.ask(signal).then(() => undefined, messageOf);
      if (signal.aborted) return;
      const now = clock.now();
      const verdict = tally.count(problem === undefined, now);
      if (verdict !== undefined) options.verdict(verdict, problem ?? '');
      const eager = now < eagerUntil && tally.good === undefined;
      if (!eager) leaveCrowd();
      await clock.sleep(eager ? eagerPause(probe, crowd) : periodOf(probe), signal);
    }
  } finally {
    leaveCrowd();
  }
}

/** Counts answers and says when they amount to a change of mind. */
class Tally {
  good: boolean | undefined;
  readonly #probe: Probe;
  readonly #eager: boolean;
  #successes = 0;
  #failures = 0;
  #failingSince: number | undefined;

  constructor(probe: Probe, eager: boolean) {
    this.#probe = probe;
    this.#eager = eager;
  }

  count(success: boolean, now: number): boolean | undefined {
    this.#successes = success ? this.#successes + 1 : 0;
    this.#failures = success ? 0 : this.#failures + 1;
    this.#failingSince = success ? undefined : (this.#failingSince ?? now);
    const enough = success ? this.#successes >= (this.#probe.successThreshold ?? 1) : this.#exhausted(now);
    if (!enough || this.good === success) return undefined;
    this.good = success;
    return success;
  }

  /** Before the first success, eager questions count by their time and not by their number. */
  #exhausted(now: number): boolean {
    const { failureThreshold = 3 } = this.#probe;
    if (!this.#eager || this.good !== undefined) return this.#failures >= failureThreshold;
    return now - (this.#failingSince ?? now) >= periodOf(this.#probe) * failureThreshold;
  }
}

function periodOf({ periodSeconds = 10 }: Probe): number {
  return Math.max(1, periodSeconds) * 1000;
}

/** Many that start at once share the attention, so that probing never costs more than what is probed. */
function eagerPause({ exec }: Probe, { count }: Crowd): number {
  return Math.max(exec ? EAGER_EXEC_MS : EAGER_MS, count * 2);
}
