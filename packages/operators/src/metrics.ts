import type { ReconcileMetrics } from '@crownlabs/controller';

/** Which environment became ready: the labels of `instance_initial_ready_time_second`. */
export interface ReadyEnvironment {
  readonly workspace: string;
  readonly template: string;
  readonly environment: string;
  readonly type: string;
  readonly persistent: boolean;
}

/** What the operators count. The program that runs them decides where it goes. */
export interface OperatorMetrics extends ReconcileMetrics {
  /** An environment was Ready for the first time, so long after its Instance was made. */
  becameReady(environment: ReadyEnvironment, seconds: number): void;
  /** Something that is not the user's fault went wrong in a controller. */
  internalError(controller: string, reason: string): void;
}

/** Counts nothing. */
export const UNCOUNTED: OperatorMetrics = { reconciled: () => undefined, becameReady: () => undefined, internalError: () => undefined };
