import { ANNOTATION, type Tenant } from '@crownlabs/api';
import {
  type DataVolume,
  dataVolumes,
  persistentVolumeClaims,
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import type { OperatorsConfig } from '../../config.ts';
import { piece } from '../../converge.ts';
import type { Lab } from '../../lab.ts';
import { signed, startedWith } from '../applied.ts';
import type { EnvironmentFacts, InstanceFacts } from '../facts.ts';
import type { PowerStep } from '../power.ts';
import { authorizedKeys, cloudInitSecret } from './cloud-init.ts';
import { desiredDisk, desiredMachine, desiredMachineInstance, type MachineContext, needsImport } from './desired.ts';
import { hardwareAddress, type MachineFacts } from './facts.ts';
import { desiredNetworks } from './networks.ts';
import { isRestore, mustMakeWay } from './restore.ts';

/** What a machine is made with. */
export interface MachineTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
}

/** A virtual machine on its way to what it should be. */
export interface MachineTask {
  readonly machine: MachineFacts;
  readonly step: PowerStep;
  readonly context: MachineContext;
}

/** Makes a virtual machine what it should be. */
export async function convergeMachine(
  tools: MachineTools,
  facts: InstanceFacts,
  it: EnvironmentFacts,
  task: MachineTask,
): Promise<Partial<EnvironmentFacts>> {
  const { machine, step } = task;
  if (step === 'stop') return { machine: { ...machine, ...(await stop(tools, facts, it, task)) } };
  if (mustMakeWay(it)) return { machine: { ...machine, ...(await makeWay(tools, facts, it, task)) } };
  const there = machine.machine ?? machine.guest;
  if (step === 'nothing' && !there) return {};
  const before = await beforeStart(tools, facts, it, task);
  if (!it.environment.persistent) return { machine: { ...machine, ...before, ...(await convergeGuest(tools, facts, it, task)) } };
  const after = await convergePersistent(tools, facts, it, task);
  return { machine: { ...machine, ...before, ...after, ...(await wishSleep(tools, facts, after.machine ?? machine.machine)) } };
}

/** Before its disk is what it was in a snapshot, the machine ends and the disk that it has goes. */
async function makeWay(tools: MachineTools, facts: InstanceFacts, it: EnvironmentFacts, task: MachineTask): Promise<Partial<MachineFacts>> {
  const { machine, guest, disk } = task.machine;
  const { namespace } = facts.instance.metadata;
  if (machine?.spec.running === true) return stop(tools, facts, it, task);
  // Who still writes to it would find it gone.
  if (guest) return {};
  await tools.lab.converger.remove(disk ? dataVolumes : persistentVolumeClaims, it.name, namespace);
  return {};
}

/** What a machine boots from. It has to be there first, and comes back when somebody takes it away. */
async function beforeStart(
  { lab, config }: MachineTools,
  { instance, template, tenant, workspace }: InstanceFacts,
  it: EnvironmentFacts,
  { machine, context }: MachineTask,
): Promise<Partial<MachineFacts>> {
  const keys = authorizedKeys({ owner: tenant, managers: managersOf(lab, workspace), system: config.machines.sshKeys });
  const { name, mounts } = context;
  const networks = { templateNamespace: template?.metadata.namespace ?? '', name, config: config.machines };
  const [secret, disk] = await Promise.all([
    lab.converger.ensure(cloudInitSecret(instance, it.environment, { name, keys, mounts, current: machine.secret })),
    needsImport(it.environment) && !machine.disk && !it.claim
      ? lab.converger.ensure(
          piece(
            dataVolumes,
            desiredDisk(instance, it.environment, { ...context, restore: isRestore(machine.restore) ? machine.restore : undefined }),
          ),
        )
      : machine.disk,
    lab.converger.ensureAll(desiredNetworks(instance, it.environment, networks)),
  ]);
  // What was ensured is of the kind that was asked for.
  return { secret, disk: disk as DataVolume | undefined };
}

function managersOf(lab: Lab, workspace: string): Tenant[] {
  const isManager = ({ spec }: Tenant) => spec.workspaces?.some(({ name, role }) => name === workspace && role === 'manager') === true;
  return lab.tenants.byIndex('workspace', workspace).filter(isManager);
}

async function convergePersistent(
  { lab }: MachineTools,
  { instance }: InstanceFacts,
  it: EnvironmentFacts,
  { machine: { machine }, step, context }: MachineTask,
): Promise<Partial<MachineFacts>> {
  const { mac, ...rest } = context;
  // The address is learnt while the machine runs, so it is no part of what the machine was started with.
  const { annotations } = signed(desiredMachine(instance, it.environment, { ...rest, mac: undefined })).metadata;
  const wish = desiredMachine(instance, it.environment, context);
  const signedWish = { ...wish, metadata: { ...wish.metadata, ...(annotations ? { annotations } : {}) } };
  if (step === 'start' && machine?.spec.dataVolumeTemplates !== undefined) await forgetDiskTemplates(lab, machine);
  if (step === 'make') {
    const made = { ...signedWish, spec: { ...signedWish.spec, running: false } };
    return { machine: (await lab.converger.ensure(piece(virtualMachines, made))) as VirtualMachine };
  }
  if (step === 'start' || (instance.spec.running && startedWith(machine, signedWish))) {
    return { machine: (await lab.converger.ensure(piece(virtualMachines, signedWish))) as VirtualMachine };
  }
  return machine && mac !== undefined ? { machine: await keepAddress(lab, machine, mac) } : {};
}

/** KubeVirt has no word for it, so it is an annotation: who does not know it lets the machine run. */
async function wishSleep(
  { lab }: MachineTools,
  { instance: { spec } }: InstanceFacts,
  machine: VirtualMachine | undefined,
): Promise<Partial<MachineFacts>> {
  const wanted = spec.running && spec.suspended === true;
  if (!machine || (machine.metadata.annotations?.[ANNOTATION.suspended] === 'true') === wanted) return {};
  const { name, namespace } = machine.metadata;
  const annotations = { [ANNOTATION.suspended]: wanted ? 'true' : null };
  return { machine: await lab.client.patch(virtualMachines, name, namespace, { metadata: { annotations } }) };
}

/** Older machines made their own disk, under the same name; ours is made beside them. */
async function forgetDiskTemplates(lab: Lab, { metadata: { name, namespace } }: VirtualMachine): Promise<void> {
  await lab.client.patch(virtualMachines, name, namespace, { spec: { dataVolumeTemplates: null } });
}

/** A machine that is forgotten after a stop is never changed: it cannot be. */
async function convergeGuest(
  { lab }: MachineTools,
  { instance }: InstanceFacts,
  it: EnvironmentFacts,
  { step, context }: MachineTask,
): Promise<Partial<MachineFacts>> {
  if (step !== 'start') return {};
  const wish = desiredMachineInstance(instance, it.environment, context);
  return { guest: (await lab.converger.ensure(piece(virtualMachineInstances, wish))) as VirtualMachineInstance };
}

async function stop(
  { lab }: MachineTools,
  { instance }: InstanceFacts,
  it: EnvironmentFacts,
  { machine }: MachineTask,
): Promise<Partial<MachineFacts>> {
  const { namespace } = instance.metadata;
  if (it.environment.persistent) {
    const mac = hardwareAddress(machine);
    if (machine.machine && mac !== undefined) await keepAddress(lab, machine.machine, mac);
    return { machine: await lab.client.patch(virtualMachines, it.name, namespace, { spec: { running: false } }) };
  }
  await lab.converger.remove(virtualMachineInstances, it.name, namespace);
  if (machine.disk) await lab.converger.remove(dataVolumes, it.name, namespace);
  return { guest: undefined, disk: undefined };
}

/** A machine that starts again has the address that it had: guests bind their configuration to it. */
async function keepAddress(lab: Lab, machine: VirtualMachine, mac: string): Promise<VirtualMachine> {
  const { metadata, spec } = machine;
  if (spec.template.spec.domain.devices.interfaces[0]?.macAddress === mac) return machine;
  const path = '/spec/template/spec/domain/devices/interfaces/0/macAddress';
  return lab.client.patch(virtualMachines, metadata.name, metadata.namespace, [{ op: 'add', path, value: mac }]);
}
