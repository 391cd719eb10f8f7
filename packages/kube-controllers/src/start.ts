import { eventRecorder, type KubeClient } from '@crownlabs/client';
import type { Controller } from '@crownlabs/controller';
import { type Clock, type Logger, messageOf, silent, systemClock } from '@crownlabs/std';
import { type Cluster, liveCopies } from './cluster.ts';
import { deploymentController } from './deployment/reconcile.ts';
import { endpointsController } from './endpoints/reconcile.ts';
import { eventExpiry } from './events/expire.ts';
import { garbageController } from './garbage/reconcile.ts';
import { type World, watchWorld } from './graph/watch-all.ts';
import { jobController } from './job/reconcile.ts';
import { namespaceController } from './namespace/reconcile.ts';
import { quotaController } from './quota/reconcile.ts';
import { replicaSetController } from './replica-set/reconcile.ts';
import { aggregationController } from './roles/aggregate.ts';
import { schedulerController } from './scheduler/reconcile.ts';
import { accountController, tokenSecretController } from './service-account/reconcile.ts';
import { claimController, volumeController } from './volumes/reconcile.ts';

/** How each controller is made, in the order in which they start. */
const MAKE = {
  'role-aggregation': ({ cluster }) => aggregationController(cluster),
  'service-account': ({ cluster, rootCa }) => accountController(cluster, rootCa),
  'token-secret': ({ cluster, rootCa }) => tokenSecretController(cluster, rootCa),
  deployment: ({ cluster }) => deploymentController(cluster),
  replicaset: ({ cluster }) => replicaSetController(cluster),
  job: ({ cluster }) => jobController(cluster),
  scheduler: ({ cluster }) => schedulerController(cluster),
  claim: ({ cluster }) => claimController(cluster),
  volume: ({ cluster }) => volumeController(cluster),
  endpoints: ({ cluster }) => endpointsController(cluster),
  garbage: ({ cluster, world }) => garbageController(cluster, world()),
  namespace: ({ cluster, world }) => namespaceController(cluster, world()),
  quota: ({ cluster, world }) => quotaController(cluster, world()),
  'event-expiry': ({ cluster }) => eventExpiry(cluster),
} satisfies Record<string, (parts: Parts) => Controller>;

interface Parts {
  readonly cluster: Cluster;
  readonly rootCa: string;
  world(): World;
}

/** The name of a controller of this package. */
export type KubeControllerName = keyof typeof MAKE;

/** All controllers. */
export const KUBE_CONTROLLERS = Object.keys(MAKE) as readonly KubeControllerName[];

/** What the controllers run on. */
export interface KubeControllerOptions {
  /** Runs as `system:kube-controller-manager`, or as whoever has its rights. */
  readonly client: KubeClient;
  /** PEM of the certificate by which pods know the API; the content of `kube-root-ca.crt`. */
  readonly rootCa: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Default: all of {@link KUBE_CONTROLLERS}. */
  readonly controllers?: readonly KubeControllerName[];
}

/** Running controllers. */
export interface KubeControllers {
  /** Resolves when all have stopped, after `signal` aborted. */
  readonly stopped: Promise<void>;
  /** True when none of them has anything to do: for tests and for drain. */
  idle(withinMs?: number): boolean;
}

/** Starts the controllers; they run until `signal` aborts. */
export function startKubeControllers(options: KubeControllerOptions, signal: AbortSignal): KubeControllers {
  const { client, rootCa, clock = systemClock, log = silent, controllers = KUBE_CONTROLLERS } = options;
  const events = eventRecorder(client, { component: 'kube-controllers', clock, log });
  const cluster: Cluster = { client, clock, log, events, signal, live: liveCopies(client, { clock, log }, signal) };
  let watched: World | undefined;
  const world = () => {
    watched ??= watchWorld(client, { clock, log }, signal);
    return watched;
  };
  const made = controllers.map((name) => MAKE[name]({ cluster, rootCa, world }));
  const running = made.map((one) => run(one, log, signal));
  return {
    stopped: Promise.all(running).then(() => undefined),
    idle: (withinMs) => made.every((one) => one.idle(withinMs)),
  };
}

async function run(controller: Controller, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await controller.run(signal);
  } catch (error) {
    if (!signal.aborted) log.error('A controller stopped', { controller: controller.name, error: messageOf(error) });
  }
}
