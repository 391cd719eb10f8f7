import { type Instance, PERSONAL_WORKSPACE, type WorkspaceQuota } from '@crownlabs/api';
import { dataVolumes, type HttpRoute, type Kube, persistentVolumeClaims, virtualMachineInstances } from '@crownlabs/client';
import { hasCode, type LabError } from '@crownlabs/std';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { Ingress } from 'kubernetes-types/networking/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import { sharedMirrorClaim } from '../mirror-volume/desired.ts';
import { preparedMachineOf } from '../template/prepared-machines.ts';
import { convergeContainer } from './container.ts';
import { chosenNodes, desiredAccess } from './desired.ts';
import type { EnvironmentFacts, InstanceFacts, Refusal } from './facts.ts';
import { environmentLabels } from './labels.ts';
import { convergeMachine } from './machine/converge.ts';
import { hardwareAddress } from './machine/facts.ts';
import { networkCards } from './machine/networks.ts';
import { driveMount, type Mount } from './mounts.ts';
import { isPowered, type PowerStep, powerStep } from './power.ts';
import { stopStrays } from './strays.ts';
import { WAY_IN_KINDS, wayIn } from './way-in.ts';

/** What an instance is realised with. */
export interface RealiseTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
}

/** An instance after a try to realise it. */
export interface Realised {
  readonly facts: InstanceFacts;
  /** What could not be written and may work at the next try. */
  readonly failure?: LabError;
}

/** Writes all objects side by side: nothing here waits for anything, because what follows is watched. One failing environment stops no other. */
export async function realise(tools: RealiseTools, facts: InstanceFacts): Promise<Realised> {
  const { instance, environments, refusal, workspace } = facts;
  const access = refusal ? undefined : tools.lab.converger.ensureAll(desiredAccess(instance, workspace));
  const [tried, own] = await Promise.all([
    Promise.all(environments.map((it) => attempt(() => realiseEnvironment(tools, facts, it), it))),
    attempt(() => Promise.all([access, stopStrays(tools.lab, facts)]), undefined),
  ]);
  const after = tried.map(({ value, failure }) => (failure ? { ...value, obstacle: enforcementRefusal(failure) } : value));
  const failure = own.failure ?? tried.find((one) => one.failure && !isQuota(one.failure))?.failure;
  const failed = own.failure ? { refusal: refusal ?? enforcementRefusal(own.failure) } : {};
  return { facts: { ...facts, ...failed, environments: after }, ...(failure ? { failure } : {}) };
}

/** What the API refuses is the instance's trouble; a conflict or an API that is away says nothing about it. */
async function attempt<T, E>(work: () => Promise<T>, otherwise: E): Promise<{ value: T | E; failure?: LabError }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!hasCode(error, 'Invalid', 'Forbidden', 'BadRequest', 'NotFound')) throw error;
    return { value: otherwise, failure: error };
  }
}

function isQuota({ code, message }: LabError): boolean {
  return code === 'Forbidden' && message.includes('exceeded quota');
}

function enforcementRefusal(failure: LabError): Refusal {
  if (isQuota(failure)) {
    const message =
      'Waiting until you use less: together, your instances and their disks need more than you may use. Delete one that you no longer need.';
    return { reason: 'QuotaExceeded', message, phase: 'ResourceQuotaExceeded' };
  }
  const message = `The environment could not be prepared: ${failure.message}. It is tried again; tell your teacher if that does not help.`;
  return { reason: 'EnvironmentEnforcementFailed', message, phase: 'CreationLoopBackoff' };
}

async function realiseEnvironment(tools: RealiseTools, facts: InstanceFacts, it: EnvironmentFacts): Promise<EnvironmentFacts> {
  if (it.machine && !it.machine.supported) return it;
  const blocked = (facts.refusal ?? facts.shortage ?? it.obstacle) !== undefined;
  const wish = powerStep(facts, it, tools.config.keepStoppedMs);
  const step: PowerStep = blocked && wish !== 'stop' ? 'nothing' : wish;
  const open = facts.instance.spec.running && !(blocked && !isPowered(it));
  const [powered, entered] = await Promise.all([
    converge(tools, facts, it, step),
    convergeWayIn(tools, facts, it, open),
    open ? tools.lab.converger.ensureAll(it.shared.map(({ volume }) => sharedMirrorClaim(facts.instance, volume))) : undefined,
    keepLabels(tools.lab, facts.instance, it),
  ]);
  return { ...it, ...powered, ...entered };
}

/** What is written once is found by its labels all the same: by whoever looks for it, and by us. */
async function keepLabels({ converger }: Lab, instance: Instance, { environment, machine, claim }: EnvironmentFacts): Promise<void> {
  const labels = environmentLabels(instance, environment);
  await Promise.all([
    // The claim of a machine's disk is its importer's.
    machine ? undefined : converger.keepLabels(persistentVolumeClaims, claim, labels),
    converger.keepLabels(dataVolumes, machine?.disk, labels),
    converger.keepLabels(virtualMachineInstances, environment.persistent ? undefined : machine?.guest, labels),
  ]);
}

function converge(
  { lab, config }: RealiseTools,
  facts: InstanceFacts,
  it: EnvironmentFacts,
  step: PowerStep,
): Promise<Partial<EnvironmentFacts>> {
  const mounts = mountsOf(config, facts, it);
  const nodeSelector = chosenNodes(facts.instance, facts.template?.spec.nodeSelector);
  if (it.machine) {
    const goesOnFrom = facts.template && preparedMachineOf(facts.template, it.environment, config);
    const mac = hardwareAddress(it.machine);
    const cards = networkCards(facts.instance, it.environment, it.name);
    const context = { name: it.name, mounts, nodeSelector, mac, cards, config: config.machines, goesOnFrom };
    return convergeMachine({ lab, config }, facts, it, { machine: it.machine, step, context });
  }
  const context = { contentToolsImage: config.contentToolsImage, mounts, nodeSelector, name: it.name };
  return convergeContainer(lab, facts, it, { step, context });
}

function mountsOf(config: OperatorsConfig, facts: InstanceFacts, { environment, shared }: EnvironmentFacts): Mount[] {
  const drive = config.drive !== undefined && environment.mountMyDriveVolume && !facts.driveMissing;
  return [...(drive ? [driveMount(facts.instance.spec['tenant.crownlabs.polito.it/TenantRef'].name)] : []), ...shared];
}

async function convergeWayIn(
  { lab, config }: RealiseTools,
  { instance }: InstanceFacts,
  it: EnvironmentFacts,
  open: boolean,
): Promise<Partial<EnvironmentFacts>> {
  const { namespace } = instance.metadata;
  const remove = (kinds: typeof WAY_IN_KINDS) => Promise.all(kinds.map((kind) => lab.converger.remove(kind, it.name, namespace)));
  if (!open) {
    if (!instance.spec.running) await remove(WAY_IN_KINDS);
    return instance.spec.running ? {} : { service: undefined, ingress: undefined, route: undefined };
  }
  const { pieces, leftovers } = wayIn(instance, it, config);
  const wanted = pieces.filter(({ resource }) => resource.plural !== 'httproutes' || lab.optional.routes.installed);
  const [made] = await Promise.all([Promise.all(wanted.map((one) => lab.converger.ensure(one))), remove(leftovers)]);
  const of = (kind: string) => made.find((one) => one.kind === kind);
  // What was ensured is of the kind that was asked for.
  return { service: of('Service') as Kube<Service>, ingress: of('Ingress') as Kube<Ingress>, route: of('HTTPRoute') as HttpRoute };
}

/** The quota that an instance is counted in. */
export function quotaOf(lab: Lab, { workspace, tenant }: InstanceFacts): WorkspaceQuota | undefined {
  if (workspace === PERSONAL_WORKSPACE) return tenant?.spec.personalWorkspace;
  return lab.workspaces.get(workspace)?.spec.quota;
}
