import type { LabCounts, OperatorMetrics } from '@crownlabs/operators';
import type { ProgramMetrics } from '../operators/metrics.ts';

/** Counters that are loaded when somebody can sign in already: what is counted in the first moment is not worth waiting for. */
export interface LateMetrics {
  readonly operators: OperatorMetrics;
  /** Loads the counters; what the lab holds is asked at every scrape. */
  load(counts: () => LabCounts): Promise<void>;
  /** What was counted, in the text form of Prometheus; nothing before it is loaded. */
  text(): Promise<string>;
}

/** Counters of the controllers in this process. */
export function lateMetrics(): LateMetrics {
  let loaded: ProgramMetrics | undefined;
  return {
    operators: {
      reconciled: (controller, outcome, seconds) => loaded?.operators.reconciled(controller, outcome, seconds),
      becameReady: (environment, seconds) => loaded?.operators.becameReady(environment, seconds),
      internalError: (controller, reason) => loaded?.operators.internalError(controller, reason),
    },
    async load(counts) {
      const { programMetrics } = await import('../operators/metrics.ts');
      loaded = programMetrics({ process: false });
      loaded.countFrom(counts);
      // Nobody else could lead on this machine.
      loaded.leading(true);
    },
    text: async () => (loaded ? loaded.registry.metrics() : ''),
  };
}
