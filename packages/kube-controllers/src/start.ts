import { eventRecorder, type KubeClient } from '@crownlabs/client';
import type { Controller } from '@crownlabs/controller';
import { type Clock, type Logger, messageOf, silent, systemClock } from '@crownlabs/std';
import { type Cluster, liveCopies } from './cluster.ts';
import { deploymentController } from './deployment/reconcile.ts';
import { disruptionController } from './disruption/reconcile.ts';
import { endpointsController } from './endpoints/reconcile.ts';
import { eventExpiry } from './events/expire.ts';
import { garbageController } from './garbage/reconcile.ts';
import { type World, watchWorld } from './graph/watch-all.ts';
import { jobController } from './job/reconcile.ts';
import { KUBE_CONTROLLERS, type KubeControllerName } from './names.ts';
import { namespaceController } from './namespace/reconcile.ts';
import { quotaController } from './quota/reconcile.ts';
import { replicaSetController } from './replica-set/reconcile.ts';
import { aggregationController } from './roles/aggregate.ts';
import { schedulerController } from './scheduler/reconcile.ts';
import { accountController, tokenSecretController } from './service-account/reconcile.ts';
import { claimController, volumeController } from './volumes/reconcile.ts';

/** Controllers that are one here, as Kubernetes names them, and how they are made. In the order in which they start. */
const ROWS: readonly Row[] = [
  { names: ['clusterrole-aggregation-controller'], make: ({ cluster }) => aggregationController(cluster) },
  {
    names: ['serviceaccount-controller', 'root-ca-certificate-publisher-controller'],
    make: ({ cluster, rootCa, runs }) =>
      accountController(cluster, {
        account: runs('serviceaccount-controller'),
        rootCa: runs('root-ca-certificate-publisher-controller') ? rootCa : undefined,
      }),
  },
  { names: ['serviceaccount-token-controller'], make: ({ cluster, rootCa }) => tokenSecretController(cluster, rootCa) },
  { names: ['deployment-controller'], make: ({ cluster }) => deploymentController(cluster) },
  { names: ['replicaset-controller'], make: ({ cluster }) => replicaSetController(cluster) },
  {
    names: ['job-controller', 'ttl-after-finished-controller'],
    make: ({ cluster, runs }) => jobController(cluster, { run: runs('job-controller'), expire: runs('ttl-after-finished-controller') }),
  },
  { names: ['disruption-controller'], component: 'controllermanager', make: ({ cluster }) => disruptionController(cluster) },
  { names: ['scheduler'], component: 'default-scheduler', make: ({ cluster }) => schedulerController(cluster) },
  {
    names: ['persistentvolume-binder-controller', 'persistentvolumeclaim-protection-controller'],
    component: 'persistentvolume-controller',
    make: ({ cluster }) => claimController(cluster),
  },
  {
    names: ['persistentvolume-binder-controller', 'persistentvolume-protection-controller'],
    component: 'persistentvolume-controller',
    make: ({ cluster }) => volumeController(cluster),
  },
  {
    names: ['endpointslice-controller', 'endpoints-controller'],
    make: ({ cluster, runs }) =>
      endpointsController(cluster, { slices: runs('endpointslice-controller'), endpoints: runs('endpoints-controller') }),
  },
  { names: ['garbage-collector-controller'], make: ({ cluster, world }) => garbageController(cluster, world()) },
  { names: ['namespace-controller'], make: ({ cluster, world }) => namespaceController(cluster, world()) },
  { names: ['resourcequota-controller'], make: ({ cluster, world }) => quotaController(cluster, world()) },
  { names: ['event-expiry'], make: ({ cluster }) => eventExpiry(cluster) },
];

interface Row {
  readonly names: readonly [KubeControllerName, ...KubeControllerName[]];
  /** Who tells in Events, where it is not the first name. */
  readonly component?: string;
  make(parts: Parts): Controller;
}

interface Parts {
  readonly cluster: Cluster;
  readonly rootCa: string;
  runs(name: KubeControllerName): boolean;
  world(): World;
}

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
  const live = liveCopies(client, { clock, log }, signal);
  const clusterOf = (component: string): Cluster => ({
    client,
    clock,
    log,
    events: eventRecorder(client, { component, clock, log }),
    signal,
    live,
  });
  let watched: World | undefined;
  const world = () => {
    watched ??= watchWorld(client, { clock, log }, signal);
    return watched;
  };
  const runs = (name: KubeControllerName) => controllers.includes(name);
  const made = ROWS.filter(({ names }) => names.some(runs)).map(({ names, component = names[0], make }) =>
    make({ cluster: clusterOf(component), rootCa, runs, world }),
  );
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
