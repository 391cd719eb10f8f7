import { ANNOTATION, amount, amountNumber, amountText, type Environment, GUI_PORT, type Instance, percentOf } from '@crownlabs/api';
import {
  apiVersionOf,
  type DataVolume,
  dataVolumes,
  type MachineSpec,
  type MachineVolume,
  ownedBy,
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import type { OperatorsConfig } from '../../config.ts';
import type { Wanted } from '../../converge.ts';
import { limitsOf } from '../../quota/charge.ts';
import { environmentLabels, selectorLabels } from '../labels.ts';
import type { Mount } from '../mounts.ts';
import type { Restore } from './facts.ts';
import { larger, RESTORED_FROM } from './restore.ts';

/** What a machine depends on beside its instance and environment. */
export interface MachineContext {
  /** The name of all its objects. */
  readonly name: string;
  readonly mounts: readonly Mount[];
  readonly nodeSelector: Readonly<Record<string, string>> | undefined;
  /** The hardware address that it had before: guests bind their configuration to it. */
  readonly mac: string | undefined;
  readonly config: OperatorsConfig['machines'];
  /** Cards on networks beside the pod's. */
  readonly cards: readonly NetworkCard[];
  /** `namespace/name` of the machine whose memory it goes on from, where it does. */
  readonly goesOnFrom?: string | undefined;
}

/** A card on a network between machines. */
export interface NetworkCard {
  /** The network's name in the template. */
  readonly name: string;
  /** Its object in the namespace of the machine. */
  readonly networkName: string;
  readonly mac: string;
}

/** The port of a machine's SSH server. */
export const SSH_PORT = 22;

/** Whether the disk of an environment is imported first; only containerdisks can be started as they are, and only when nothing is kept. */
export function needsImport({ environmentType, persistent }: Environment): boolean {
  return persistent || environmentType !== 'VirtualMachine';
}

/** A machine that keeps its disk: stopped and started, never made anew. */
export function desiredMachine(instance: Instance, environment: Environment, context: MachineContext): Wanted<VirtualMachine> {
  return {
    apiVersion: apiVersionOf(virtualMachines),
    kind: virtualMachines.kind,
    metadata: metadataOf(instance, environment, context.name),
    spec: {
      running: true,
      template: { metadata: { labels: selectorLabels(instance, environment) }, spec: machineSpec(environment, context) },
    },
  };
}

/** A machine that is made at a start and forgotten some time after a stop. */
export function desiredMachineInstance(
  instance: Instance,
  environment: Environment,
  context: MachineContext,
): Wanted<VirtualMachineInstance> {
  return {
    apiVersion: apiVersionOf(virtualMachineInstances),
    kind: virtualMachineInstances.kind,
    metadata: { ...metadataOf(instance, environment, context.name), ...startNote(context) },
    spec: machineSpec(environment, context),
  };
}

function startNote({ goesOnFrom }: MachineContext): { annotations?: Record<string, string> } {
  return goesOnFrom === undefined ? {} : { annotations: { [ANNOTATION.instantStart]: goesOnFrom } };
}

/** What the disk of a machine depends on. */
export interface DiskContext extends Pick<MachineContext, 'name' | 'config'> {
  /** The snapshot that it is to be like, instead of its image. */
  readonly restore?: Restore | undefined;
}

/** The disk of a machine and where its content comes from. */
export function desiredDisk(instance: Instance, environment: Environment, { name, config, restore }: DiskContext): Wanted<DataVolume> {
  const { resources, storageClassName, environmentType } = environment;
  const mark = restore ? { annotations: { [RESTORED_FROM]: restore.mark } } : {};
  return {
    apiVersion: apiVersionOf(dataVolumes),
    kind: dataVolumes.kind,
    metadata: { ...metadataOf(instance, environment, name), ...mark },
    spec: {
      source: sourceOf(restore?.image ?? environment, config.importSecret),
      pvc: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: larger(String(resources.disk ?? config.diskSize), restore?.size) } },
        volumeMode: environmentType === 'VirtualMachine' ? 'Filesystem' : 'Block',
        ...(storageClassName === undefined ? {} : { storageClassName }),
      },
    },
  };
}

function sourceOf(
  { environmentType, image }: Pick<Environment, 'environmentType' | 'image'>,
  secretRef: string,
): DataVolume['spec']['source'] {
  if (environmentType === 'CloudVM') return { http: { url: image } };
  if (environmentType === 'LocalVM') return { pvc: volumeOf(image) };
  return { registry: { url: `docker://${image}`, secretRef } };
}

/** The `namespace/name` of the volume that a LocalVM is a copy of. */
export function volumeOf(image: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = image.split('/');
  return { namespace, name };
}

function metadataOf(instance: Instance, environment: Environment, name: string) {
  return {
    name,
    namespace: instance.metadata.namespace ?? '',
    labels: environmentLabels(instance, environment),
    ownerReferences: [ownedBy(instance)],
  };
}

/** The hardware of a machine, its disks and folders. */
export function machineSpec(environment: Environment, context: Omit<MachineContext, 'goesOnFrom'>): MachineSpec {
  const { mounts, nodeSelector, mac, cards } = context;
  return {
    domain: {
      cpu: { cores: Math.max(1, Math.ceil(amountNumber(amount(environment.resources.cpu)))) },
      memory: { guest: String(environment.resources.memory) },
      resources: resourcesOf(environment),
      devices: {
        disks: ['root', 'cloud-init'].map((name) => ({ name, disk: { bus: 'virtio' } })),
        interfaces: [
          { name: 'default', bridge: {}, ...(mac === undefined ? {} : { macAddress: mac }) },
          ...cards.map((card) => ({ name: card.name, bridge: {}, macAddress: card.mac })),
        ],
        ...(mounts.length > 0 ? { filesystems: once(mounts).map(({ claim }) => ({ name: claim, virtiofs: {} })) } : {}),
      },
    },
    networks: [{ name: 'default', pod: {} }, ...cards.map(({ name, networkName }) => ({ name, multus: { networkName } }))],
    volumes: volumesOf(environment, context),
    readinessProbe: {
      tcpSocket: { port: environment.guiEnabled ? GUI_PORT : SSH_PORT },
      initialDelaySeconds: 0,
      periodSeconds: 1,
      failureThreshold: 30,
      successThreshold: 1,
    },
    terminationGracePeriodSeconds: 60,
    ...(nodeSelector ? { nodeSelector: { ...nodeSelector } } : {}),
  };
}

/** The machine's pod needs more than its guest sees: the same figures that quotas count. */
function resourcesOf(environment: Environment): MachineSpec['domain']['resources'] {
  const { cpu, reservedCPUPercentage, otherResources = {} } = environment.resources;
  const limits = limitsOf(environment);
  const memory = amountText(limits.memory);
  const other = Object.fromEntries(Object.entries(otherResources).map(([name, value]) => [name, String(value)]));
  return {
    requests: { cpu: amountText(percentOf(amount(cpu), reservedCPUPercentage)), memory, ...other },
    limits: { cpu: amountText(limits.cpu), memory, ...other },
  };
}

function volumesOf(
  environment: Environment,
  { name, mounts, config }: Pick<MachineContext, 'name' | 'mounts' | 'config'>,
): MachineVolume[] {
  const { image } = environment;
  const root: MachineVolume = needsImport(environment)
    ? { name: 'root', dataVolume: { name } }
    : { name: 'root', containerDisk: { image, imagePullSecret: config.registrySecret, imagePullPolicy: 'IfNotPresent' } };
  return [
    root,
    { name: 'cloud-init', cloudInitNoCloud: { secretRef: { name } } },
    ...once(mounts).map(({ claim, readOnly }) => ({
      name: claim,
      persistentVolumeClaim: { claimName: claim, ...(readOnly ? { readOnly } : {}) },
    })),
  ];
}

/** One volume may appear at two places of the guest; it is plugged in once. */
function once(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.map((mount) => [mount.claim, mount])).values()];
}
