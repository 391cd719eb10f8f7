import type { Environment, ImageBuild, Instance, InstancePhase, Template, Tenant } from '@crownlabs/api';
import type { HttpRoute, Kube } from '@crownlabs/client';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { PersistentVolumeClaim, Pod, Service } from 'kubernetes-types/core/v1.js';
import type { Ingress } from 'kubernetes-types/networking/v1.js';
import type { Shortage } from '../quota/charge.ts';
import type { MachineFacts } from './machine/facts.ts';
import type { SharedVolumeMount } from './mounts.ts';

/** Why an instance cannot be realised at all. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
  /** What the environment is meanwhile, where that is not Failed. */
  readonly phase?: InstancePhase;
}

/** What is there of one environment. */
export interface EnvironmentFacts {
  readonly environment: Environment;
  /** The name that all its objects have. */
  readonly name: string;
  readonly deployment: Kube<Deployment> | undefined;
  /** What is there of a virtual machine; absent for containers. */
  readonly machine: MachineFacts | undefined;
  readonly service: Kube<Service> | undefined;
  readonly ingress: Kube<Ingress> | undefined;
  readonly route: HttpRoute | undefined;
  readonly claim: Kube<PersistentVolumeClaim> | undefined;
  /** The newest that is not going away; else the newest. */
  readonly pod: Kube<Pod> | undefined;
  /** The build of its image on this installation, if it is one of ours. */
  readonly build: ImageBuild | undefined;
  /** Volumes of workspaces that it sees. */
  readonly shared: readonly SharedVolumeMount[];
  /** Why this environment cannot be started, whatever becomes of the others. */
  readonly obstacle: Refusal | undefined;
  /** Whether its desktop has answered. */
  readonly connectable: boolean;
}

/** What a decision about an instance may depend on. */
export interface InstanceFacts {
  readonly instance: Instance;
  readonly template: Template | undefined;
  readonly tenant: Tenant | undefined;
  readonly workspace: string;
  readonly environments: readonly EnvironmentFacts[];
  readonly refusal: Refusal | undefined;
  readonly shortage: Shortage | undefined;
  /** Whether there are HTTPRoutes here. */
  readonly gatewayApi: boolean;
  /** Why the personal volume is not mounted, where it should be. */
  readonly driveMissing: boolean;
  readonly now: number;
}

/** Whether an environment shows a desktop over RFB, rather than a page or a shell. */
export function isDesktop({ environmentType, guiEnabled }: Environment): boolean {
  return guiEnabled && environmentType === 'Container';
}
