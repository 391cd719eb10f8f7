import { LABEL } from '@crownlabs/api';
import { eventRecorder, type KubeClient, keyOf } from '@crownlabs/client';
import {
  type Controller,
  controller,
  manualSource,
  ownedByKind,
  type ReconcileMetrics,
  type Source,
  specChanged,
  watched,
} from '@crownlabs/controller';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import type { AdmissionHandlers } from './admission/handlers.ts';
import { labWorld } from './admission/world.ts';
import type { OperatorsConfig } from './config.ts';
import { type Directory, embeddedDirectory } from './directory.ts';
import { Doorbell, type Probe } from './doorbell.ts';
import { ownsNamespace } from './instance/gather.ts';
import { instanceReconciler } from './instance/reconcile.ts';
import { instanceSources } from './instance/sources.ts';
import { type Lab, openLab } from './lab.ts';
import { Ledgers } from './quota/ledger.ts';
import { templateReconciler } from './template/reconcile.ts';
import { tenantReconciler } from './tenant/reconcile.ts';
import { workspaceReconciler } from './workspace/reconcile.ts';

/** What the operators need of the world. */
export interface OperatorsOptions {
  /** Acts as the ServiceAccount `operators` in crownlabs-system. */
  readonly client: KubeClient;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asks desktops whether they answer. */
  readonly probe: Probe;
  /** Where people are kept; the embedded provider if absent. */
  readonly directory?: Directory;
  /** Handlers made before the API started; they begin to answer when everything has been read. */
  readonly admission?: AdmissionHandlers;
  readonly metrics?: ReconcileMetrics;
}

/** The running operators. */
export interface Operators {
  /** Resolves when everything has been read once and the controllers work. */
  readonly ready: Promise<void>;
  /** Resolves when the signal has aborted and the last reconcile is done. */
  readonly stopped: Promise<void>;
  /** True when nothing is left to do, nor due within `withinMs`. */
  idle(withinMs?: number): boolean;
}

/** Starts the controllers of all kinds. They run until `signal` aborts. */
export function startOperators(options: OperatorsOptions, signal: AbortSignal): Operators {
  const { client, config, clock, log, admission } = options;
  const lab = openLab(client, { clock, log }, signal);
  const controllers = [instanceController(options, lab, signal), ...smallControllers(options, lab)];
  const ready = synced(lab, signal).then(() => {
    admission?.open(labWorld(lab, (tenant, namespace) => ownsNamespace(lab, tenant, namespace)));
    log.info('Operators started', { instances: lab.instances.list().length, tenants: lab.tenants.list().length, mode: config.exposition });
  });
  // Whoever waits for `ready` hears of it; nobody has to.
  ready.catch(() => undefined);
  const runs = controllers.map((it) => run(it, log, signal));
  return {
    ready,
    stopped: Promise.all(runs).then(() => undefined),
    idle: (withinMs) => controllers.every((it) => it.idle(withinMs)),
  };
}

async function run(it: Controller, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await it.run(signal);
  } catch (error) {
    if (!signal.aborted) log.error('A controller stopped', { controller: it.name, error: messageOf(error) });
  }
}

async function synced(lab: Lab, signal: AbortSignal): Promise<void> {
  const { tenants, workspaces, templates, instances, builds, pods } = lab;
  await Promise.all([tenants, workspaces, templates, instances, builds, pods, ...lab.children.values()].map((it) => it.synced(signal)));
}

/** A source whose workers start when all that they decide from is known, not only what wakes them. */
function afterAll(lab: Lab): Source {
  return { synced: (signal) => synced(lab, signal), start: () => () => undefined };
}

function instanceController(options: OperatorsOptions, lab: Lab, signal: AbortSignal): Controller {
  const { client, config, clock, log, probe } = options;
  const answers = manualSource();
  const doorbell = new Doorbell(probe, clock, (key) => answers.enqueue(key), signal);
  lab.pods.onChange((now, before) => {
    if (!now && before) doorbell.forget(before.metadata.uid ?? '');
  });
  const events = eventRecorder(client, { component: 'instance-operator', clock, log });
  return controller({
    ...common(options, 'instance'),
    workers: 16,
    sources: [afterAll(lab), ...instanceSources(lab), answers],
    reconcile: instanceReconciler({ lab, ledgers: new Ledgers(client, lab.ledgers), doorbell, config, clock, events }),
  });
}

function common({ log, clock, metrics }: OperatorsOptions, name: string) {
  return { name, log: log.child({ controller: name }), clock, ...(metrics ? { metrics } : {}) };
}

function smallControllers(options: OperatorsOptions, lab: Lab): Controller[] {
  const { config, clock, directory = embeddedDirectory } = options;
  const log = options.log.child({ room: 'operators' });
  return [
    controller({
      ...common(options, 'tenant'),
      workers: 8,
      sources: [afterAll(lab), ...tenantSources(lab)],
      reconcile: tenantReconciler({ lab, directory, config, clock, log }),
    }),
    controller({
      ...common(options, 'workspace'),
      workers: 4,
      sources: [
        afterAll(lab),
        watched(lab.workspaces, { when: specChanged }),
        ...owned(lab, 'Workspace', ['namespaces', 'rolebindings', 'clusterrolebindings']),
      ],
      reconcile: workspaceReconciler({ lab, directory, config, clock, log }),
    }),
    controller({
      ...common(options, 'template'),
      workers: 4,
      sources: [
        afterAll(lab),
        watched(lab.templates, { when: specChanged }),
        watched(lab.workspaces, { when: specChanged, keys: () => lab.templates.list().map(keyOf) }),
        watched(lab.builds, { keys: ({ spec }) => usingImage(lab, spec.image) }),
      ],
      reconcile: templateReconciler({ lab, clock }),
    }),
  ];
}

function tenantSources(lab: Lab): Source[] {
  const children = [
    'namespaces',
    'resourcequotas',
    'rolebindings',
    'clusterroles',
    'clusterrolebindings',
    'networkpolicies',
    'limitranges',
  ];
  return [
    watched(lab.tenants, { when: specChanged }),
    watched(lab.workspaces, { when: specChanged, keys: ({ metadata }) => lab.tenants.byIndex('workspace', metadata.name).map(keyOf) }),
    ...owned(lab, 'Tenant', [...children, 'persistentvolumeclaims', 'persistentvolumes']),
    // A namespace that waited for its last instance may go when that has gone.
    watched(lab.instances, { when: (now) => now === undefined, keys: ({ metadata }) => ownersOf(lab, metadata.namespace ?? '') }),
  ];
}

function ownersOf(lab: Lab, namespace: string) {
  const name = lab.namespaces.get(namespace)?.metadata.labels?.[LABEL.name];
  return name === undefined ? [] : [{ name }];
}

function owned(lab: Lab, kind: string, plurals: readonly string[]): Source[] {
  return plurals.flatMap((plural) => {
    const informer = lab.children.get(plural);
    return informer ? [ownedByKind(informer, { kind, namespaced: false })] : [];
  });
}

function usingImage(lab: Lab, image: string) {
  return lab.templates
    .list()
    .filter(({ spec }) => spec.environmentList.some((it) => it.image === image))
    .map(keyOf);
}
