import type { KubeClient } from '@crownlabs/client';
import type { Controller } from '@crownlabs/controller';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import type { AdmissionHandlers } from './admission/handlers.ts';
import { labWorld } from './admission/world.ts';
import { automationControllers } from './automation/controllers.ts';
import type { Post } from './automation/notice.ts';
import type { OperatorsConfig } from './config.ts';
import type { Controllers } from './controller-parts.ts';
import { type Directory, embeddedDirectory } from './directory.ts';
import type { Probe } from './doorbell.ts';
import { imageListControllers } from './image-list/controllers.ts';
import { instanceControllers } from './instance/controllers.ts';
import { ownsNamespace } from './instance/gather.ts';
import { orphanControllers } from './instance/orphans.ts';
import { snapshotControllers } from './instance-snapshot/controllers.ts';
import { type Lab, openLab, synced } from './lab.ts';
import { type OperatorMetrics, UNCOUNTED } from './metrics.ts';
import { mirrorControllers } from './mirror-volume/controllers.ts';
import { exposureControllers } from './public-exposure/controllers.ts';
import { sharedVolumeControllers } from './shared-volume/controllers.ts';
import { templateControllers } from './template/controllers.ts';
import { tenantControllers } from './tenant/controllers.ts';
import { workspaceControllers } from './workspace/controllers.ts';

/** What the lab does, kind by kind. A new kind adds its line here; the rest is in its folder. */
const KINDS: readonly Controllers[] = [
  instanceControllers,
  orphanControllers,
  tenantControllers,
  workspaceControllers,
  templateControllers,
  sharedVolumeControllers,
  mirrorControllers,
  exposureControllers,
  imageListControllers,
  snapshotControllers,
  automationControllers,
];

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
  readonly metrics?: OperatorMetrics;
  /** Brings notices to people; absent where mail is off. */
  readonly post?: Post;
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

/** How much there is of what people care for. */
export interface LabCounts {
  readonly tenants: number;
  readonly workspaces: number;
  readonly templates: number;
  readonly instances: ReadonlyMap<string, number>;
}

/** Operators that have read the lab, and answer admission reviews, but change nothing yet: a standby, or a leader before its term. */
export interface WatchingOperators {
  /** Resolves when everything has been read once and reviews are answered. */
  readonly ready: Promise<void>;
  /** Starts the controllers of all kinds; they run until `signal` aborts. May be called once. */
  work(signal: AbortSignal): Operators;
  /** What is there now; Instances by phase. */
  counts(): LabCounts;
}

/** Starts the controllers of all kinds. They run until `signal` aborts. */
export function startOperators(options: OperatorsOptions, signal: AbortSignal): Operators {
  return watchLab(options, signal).work(signal);
}

/** Opens the watches and answers reviews; the controllers wait for `work`. */
export function watchLab(options: OperatorsOptions, signal: AbortSignal): WatchingOperators {
  const { client, config, clock, log, admission } = options;
  const lab = openLab(client, { clock, log }, signal);
  const ready = synced(lab, signal).then(() => {
    admission?.open(labWorld(lab, (tenant, namespace) => ownsNamespace(lab, tenant, namespace)));
    log.info('The lab was read', { instances: lab.instances.list().length, tenants: lab.tenants.list().length, mode: config.exposition });
  });
  // Whoever waits for `ready` hears of it; nobody has to.
  ready.catch(() => undefined);
  return { ready, work: (term) => startControllers(options, lab, { ready, signal: term }), counts: () => countsOf(lab) };
}

function countsOf({ tenants, workspaces, templates, instances }: Lab): LabCounts {
  const phases = new Map<string, number>();
  for (const { status } of instances.list()) phases.set(status?.phase ?? '', (phases.get(status?.phase ?? '') ?? 0) + 1);
  return { tenants: tenants.list().length, workspaces: workspaces.list().length, templates: templates.list().length, instances: phases };
}

function startControllers(
  options: OperatorsOptions,
  lab: Lab,
  { ready, signal }: { ready: Promise<void>; signal: AbortSignal },
): Operators {
  const { directory = embeddedDirectory, metrics = UNCOUNTED, log } = options;
  const controllers = KINDS.flatMap((kind) => kind({ ...options, lab, directory, metrics, signal }));
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
