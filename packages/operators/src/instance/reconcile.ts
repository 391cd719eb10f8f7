import { type Instance, instances, PERSONAL_WORKSPACE, type WorkspaceQuota } from '@crownlabs/api';
import { deployments, type EventRecorder, services } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Clock, hasCode } from '@crownlabs/std';
import { sameStatus } from '../conditions.ts';
import type { OperatorsConfig } from '../config.ts';
import { piece } from '../converge.ts';
import type { Doorbell } from '../doorbell.ts';
import type { Lab } from '../lab.ts';
import { chargeOf, type Shortage } from '../quota/charge.ts';
import type { Ledgers } from '../quota/ledger.ts';
import { chosenNodes, deploymentStep, desiredAccess, exposedPieces, instancePatch, keptUntil } from './desired.ts';
import { type EnvironmentFacts, type InstanceFacts, isMachine } from './facts.ts';
import { gather } from './gather.ts';
import type { PodContext } from './pod.ts';
import { observe } from './status.ts';

/** What the instance controller works with. */
export interface InstanceTools {
  readonly lab: Lab;
  readonly ledgers: Ledgers;
  readonly doorbell: Doorbell;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

const QUOTA_RETRY_MS = 60_000;

/** Turns Instances into what realises them, and tells how far that is. */
export function instanceReconciler(tools: InstanceTools): Reconcile {
  const { lab, config, clock } = tools;
  return async ({ name, namespace = '' }) => {
    const instance = lab.instances.get(name, namespace);
    // Children carry an owner reference, so a deletion is the garbage collector's work; the ledger forgets who is not alive.
    if (!instance || instance.metadata.deletionTimestamp !== undefined) return undefined;
    const seen = gather(tools, instance, clock.now());
    const shortage = await settle(tools, seen);
    const patch = instancePatch(seen);
    const [patched, converged] = await Promise.all([
      patch ? lab.client.patch(instances, name, namespace, patch) : instance,
      converge(tools, { ...seen, shortage }),
    ]);
    await report(tools, { ...converged.facts, instance: { ...patched, ...(instance.status ? { status: instance.status } : {}) } });
    if (converged.failure) throw converged.failure;
    return nextLook(converged.facts, config);
  };
}

/** When time alone changes something: a kept pod's hour is over, or a full quota is looked at again. */
function nextLook({ instance, environments, shortage, now }: InstanceFacts, { keepStoppedMs }: OperatorsConfig): Requeue {
  if (shortage) return { afterMs: QUOTA_RETRY_MS };
  const kept = environments.some(({ deployment, environment }) => !environment.persistent && (deployment?.spec?.replicas ?? 0) > 0);
  const until = kept ? keptUntil(instance, keepStoppedMs) : undefined;
  return until === undefined ? undefined : { afterMs: Math.max(0, until - now) + 50 };
}

/** Reserves what a start takes, or gives back what a stop has freed. */
async function settle({ lab, ledgers, config }: InstanceTools, facts: InstanceFacts): Promise<Shortage | undefined> {
  const { instance, environments, workspace } = facts;
  const { name, namespace = '' } = instance.metadata;
  const quota = quotaOf(lab, facts);
  const startable = environments.filter(({ environment }) => !isMachine(environment));
  if (!quota || facts.refusal || startable.length === 0) return undefined;
  const key = { namespace, workspace };
  const list = startable.map(({ environment }) => environment);
  const alive = new Set(lab.instances.byIndex('namespace', namespace).map((it) => it.metadata.name));
  const starting = startable.some((it) => deploymentStep(facts, it, podContext(config, facts, it), config.keepStoppedMs).do === 'apply');
  const charge = chargeOf(list, holdsAnything(facts) || starting ? 'everything' : 'disks');
  if (starting) return ledgers.reserve(key, { instance: name, charge, quota, alive });
  await ledgers.settle(key, name, charge);
  return undefined;
}

function holdsAnything({ instance, environments }: InstanceFacts): boolean {
  return instance.spec.running || environments.some(({ deployment, pod }) => pod !== undefined || (deployment?.spec?.replicas ?? 0) > 0);
}

function quotaOf(lab: Lab, { workspace, tenant }: InstanceFacts): WorkspaceQuota | undefined {
  if (workspace === PERSONAL_WORKSPACE) return tenant?.spec.personalWorkspace;
  return lab.workspaces.get(workspace)?.spec.quota;
}

function podContext(config: OperatorsConfig, facts: InstanceFacts, { environment, name }: EnvironmentFacts): PodContext {
  return {
    contentToolsImage: config.contentToolsImage,
    drive: config.drive !== undefined && environment.mountMyDriveVolume && !facts.driveMissing,
    tenant: facts.instance.spec['tenant.crownlabs.polito.it/TenantRef'].name,
    nodeSelector: chosenNodes(facts.instance, facts.template?.spec.nodeSelector),
    name,
  };
}

interface Converged {
  readonly facts: InstanceFacts;
  /** What could not be written. It is reported, then tried again. */
  readonly failure?: Error;
}

/** Writes all objects side by side: nothing here waits for anything, because pods are watched. */
async function converge(tools: InstanceTools, facts: InstanceFacts): Promise<Converged> {
  const { instance, environments, refusal, workspace } = facts;
  try {
    const access = refusal ? undefined : tools.lab.converger.ensureAll(desiredAccess(instance, workspace));
    const done = environments.map((it) => convergeEnvironment(tools, facts, it));
    const [after] = await Promise.all([Promise.all(done), access, stopStrays(tools, facts)]);
    return { facts: { ...facts, environments: after } };
  } catch (error) {
    // A conflict or an API that is away says nothing about the instance.
    if (!hasCode(error, 'Invalid', 'Forbidden', 'BadRequest', 'NotFound')) throw error;
    const message = `The environment could not be prepared: ${error.message}. It is tried again; tell your teacher if that does not help.`;
    return { facts: { ...facts, refusal: { reason: 'EnvironmentEnforcementFailed', message } }, failure: error };
  }
}

async function convergeEnvironment({ lab, config }: InstanceTools, facts: InstanceFacts, it: EnvironmentFacts): Promise<EnvironmentFacts> {
  if (isMachine(it.environment)) return it;
  const { converger, client } = lab;
  const { instance } = facts;
  const { namespace = '' } = instance.metadata;
  const context = podContext(config, facts, it);
  const step = deploymentStep(facts, it, context, config.keepStoppedMs);
  const blocked = (facts.refusal ?? facts.shortage) !== undefined;
  const deployment = async () => {
    if (step.do === 'apply') return blocked ? it.deployment : converger.ensure(piece(deployments, step.object));
    if (step.do === 'scale') return client.patch(deployments, it.name, namespace, { spec: { replicas: step.replicas } });
    return it.deployment;
  };
  const exposed = async () => {
    if (instance.spec.running)
      return blocked && !it.deployment ? [] : Promise.all(exposedPieces(instance, it).map((one) => converger.ensure(one)));
    await converger.remove(services, it.name, namespace);
    return [];
  };
  const [made, pieces] = await Promise.all([deployment(), exposed()]);
  const service = pieces.find(({ kind }) => kind === 'Service');
  return { ...it, deployment: made, service };
}

/** Environments that the template no longer has end with the next stop. */
async function stopStrays({ lab }: InstanceTools, { instance, environments }: InstanceFacts): Promise<void> {
  if (instance.spec.running) return;
  const { uid = '', namespace = '' } = instance.metadata;
  const known = new Set(environments.map(({ name }) => name));
  for (const { metadata, spec } of lab.deployments.byIndex('owner', uid)) {
    if (known.has(metadata.name) || spec?.replicas === 0) continue;
    await lab.client.patch(deployments, metadata.name, namespace, { spec: { replicas: 0 } });
    await lab.converger.remove(services, metadata.name, namespace);
  }
}

async function report({ lab, config, events }: InstanceTools, facts: InstanceFacts): Promise<void> {
  const { instance } = facts;
  const { name, namespace } = instance.metadata;
  const status = observe(facts, config);
  if (sameStatus(status, instance.status)) return;
  announce(events, instance, status.conditions ?? []);
  await lab.client.patch(instances, name, namespace, { status }, { subresource: 'status' });
}

/** What goes as it should is in the status; it needs no Event. */
const QUIET = new Set(['Starting', 'Booting', 'Ready', 'Stopping', 'Off', 'LoadingContent']);

/** An Event for each reason that is new, so that `kubectl describe` tells the story. */
function announce(
  events: EventRecorder,
  instance: Instance,
  conditions: readonly { type: string; reason: string; message: string }[],
): void {
  const now = conditions.find(({ type }) => type === 'Ready');
  const before = instance.status?.conditions?.find(({ type }) => type === 'Ready');
  if (!now || now.reason === before?.reason || QUIET.has(now.reason)) return;
  events.record(instance, { type: now.reason === 'ImageBuilding' ? 'Normal' : 'Warning', reason: now.reason, message: now.message });
}
