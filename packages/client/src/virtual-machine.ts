import type { PersistentVolumeClaimSpec } from 'kubernetes-types/core/v1.js';
import { namespacedResource } from './built-in.ts';
import type { KubeObject, ObjectMeta, Resource } from './object.ts';

/** A disk or file system of a machine, by the name of its volume. */
export interface MachineVolume {
  name: string;
  containerDisk?: { image: string; imagePullSecret?: string; imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' };
  dataVolume?: { name: string };
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  cloudInitNoCloud?: { secretRef: { name: string } } | { userData: string };
  emptyDisk?: { capacity: string };
}

/** What a machine has plugged in. */
export interface MachineDevices {
  disks: { name: string; disk: { bus: 'virtio' } }[];
  interfaces: { name: string; bridge: object; macAddress?: string }[];
  filesystems?: { name: string; virtiofs: object }[];
}

/** What a machine is: the part of KubeVirt's VirtualMachineInstanceSpec that the lab writes. */
export interface MachineSpec {
  domain: {
    cpu: { cores: number };
    memory: { guest: string };
    resources: { requests: Record<string, string>; limits: Record<string, string> };
    devices: MachineDevices;
  };
  networks: ({ name: string; pod: object } | { name: string; multus: { networkName: string } })[];
  volumes: MachineVolume[];
  readinessProbe?: {
    tcpSocket?: { port: number };
    guestAgentPing?: object;
    initialDelaySeconds?: number;
    periodSeconds: number;
    failureThreshold: number;
    successThreshold: number;
  };
  terminationGracePeriodSeconds: number;
  nodeSelector?: Record<string, string>;
}

/** A condition as KubeVirt and CDI write it. */
export interface MachineCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
}

/** A machine that can be stopped and started again. */
export interface VirtualMachine extends KubeObject {
  spec: { running?: boolean; template: { metadata?: Partial<ObjectMeta>; spec: MachineSpec }; dataVolumeTemplates?: object[] };
  status?: {
    printableStatus?: string;
    ready?: boolean;
    created?: boolean;
    conditions?: MachineCondition[];
    startFailure?: { consecutiveFailCount?: number };
  };
}

/** A machine that runs: gone when it stops. */
export interface VirtualMachineInstance extends KubeObject {
  spec: MachineSpec;
  status?: {
    phase?: string;
    nodeName?: string;
    interfaces?: { name?: string; mac?: string; ipAddress?: string }[];
    conditions?: MachineCondition[];
  };
}

/** A volume and where its content comes from. */
export interface DataVolume extends KubeObject {
  spec: {
    source: {
      registry?: { url: string; secretRef?: string };
      http?: { url: string };
      pvc?: { namespace: string; name: string };
      snapshot?: { namespace: string; name: string };
    };
    pvc: PersistentVolumeClaimSpec;
  };
  status?: { phase?: string; progress?: string; conditions?: MachineCondition[] };
}

/** `kubevirt.io/v1` virtualmachines. */
export const virtualMachines: Resource<VirtualMachine> = namespacedResource('kubevirt.io/v1', 'virtualmachines', 'VirtualMachine');
/** `kubevirt.io/v1` virtualmachineinstances. */
export const virtualMachineInstances: Resource<VirtualMachineInstance> = namespacedResource(
  'kubevirt.io/v1',
  'virtualmachineinstances',
  'VirtualMachineInstance',
);
/** `cdi.kubevirt.io/v1beta1` datavolumes. */
export const dataVolumes: Resource<DataVolume> = namespacedResource('cdi.kubevirt.io/v1beta1', 'datavolumes', 'DataVolume');
