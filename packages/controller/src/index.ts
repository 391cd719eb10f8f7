export { type Controller, type ControllerOptions, controller, type ReconcileMetrics } from './controller.ts';
export { type LeaderElectionOptions, leading } from './leader-election.ts';
export type { Reconcile, Requeue } from './reconcile.ts';
export {
  manualSource,
  ownedByKind,
  type Predicate,
  type Source,
  specChanged,
  type WatchedOptions,
  watched,
} from './source.ts';
