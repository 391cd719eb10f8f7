import type { KubeClient } from '@crownlabs/client';
import { type Controller, type ControllerOptions, controller, type Source } from '@crownlabs/controller';
import type { Clock, Logger } from '@crownlabs/std';
import type { Post } from './automation/notice.ts';
import type { OperatorsConfig } from './config.ts';
import type { Directory } from './directory.ts';
import type { Probe } from './doorbell.ts';
import { type Lab, synced } from './lab.ts';
import type { OperatorMetrics } from './metrics.ts';

/** What the controllers of a kind are made from. */
export interface ControllerParts {
  readonly client: KubeClient;
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly probe: Probe;
  readonly directory: Directory;
  readonly metrics: OperatorMetrics;
  /** Brings notices to people; absent where mail is off. */
  readonly post?: Post;
  readonly signal: AbortSignal;
}

/** The controllers of a kind. */
export type Controllers = (parts: ControllerParts) => Controller[];

/** A controller of ours: its workers start when all that they decide from is known, not only what wakes them. */
export function labController(
  { lab, log, clock, metrics }: ControllerParts,
  own: Pick<ControllerOptions, 'name' | 'workers' | 'sources' | 'reconcile' | 'report'>,
): Controller {
  const everything: Source = { synced: (signal) => synced(lab, signal), start: () => () => undefined };
  return controller({ ...own, log: log.child({ controller: own.name }), clock, metrics, sources: [everything, ...own.sources] });
}
