import {
  type Environment,
  environmentObjectName,
  type ImageBuild,
  type Instance,
  isMachine,
  LAUNCHER_IMAGE,
  type Template,
  type Tenant,
} from '@crownlabs/api';
import { type Kube, keyOf } from '@crownlabs/client';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Doorbell } from '../doorbell.ts';
import type { Lab } from '../lab.ts';
import { type EnvironmentFacts, isDesktop } from './facts.ts';
import { labelValue } from './labels.ts';
import { needsImport } from './machine/desired.ts';
import type { MachineFacts } from './machine/facts.ts';
import { restoreOf } from './machine/restore.ts';
import { sharedMounts } from './mounts.ts';
import { obstacleOf } from './obstacle.ts';

/** Whose environment is looked at. */
export interface Beholder {
  readonly lab: Lab;
  readonly doorbell: Doorbell;
  readonly instance: Instance;
  readonly template: Template;
  readonly tenant: Tenant | undefined;
  readonly config: Pick<OperatorsConfig, 'machines'>;
}

/** What is there of one environment. */
export function look({ lab, doorbell, instance, template, tenant, config }: Beholder, environment: Environment): EnvironmentFacts {
  const { namespace = '', name } = instance.metadata;
  const objectName = environmentObjectName(name, environment.name);
  const pod = newest(lab.pods.byIndex('environment', `${namespace}/${labelValue(name)}/${environment.name}`));
  const claim = lab.claims.get(objectName, namespace);
  const seen = isMachine(environment) ? machineFacts(lab, environment, { name: objectName, namespace }) : undefined;
  const wishes = {
    snapshots: lab.snapshots,
    disks: lab.optional.disks,
    disk: seen?.disk,
    claim,
    first: template.spec.environmentList[0]?.name,
  };
  const machine = seen && { ...seen, restore: restoreOf(wishes, instance, environment) };
  const shared = tenant ? sharedMounts(name, environment, template, tenant) : [];
  return {
    environment,
    name: objectName,
    deployment: lab.deployments.get(objectName, namespace),
    machine,
    service: lab.services.get(objectName, namespace),
    ingress: lab.children.get('ingresses')?.get(objectName, namespace),
    route: lab.optional.routes.get(objectName, namespace),
    claim,
    pod,
    build: buildOf(lab, machine ? [environment.image, LAUNCHER_IMAGE] : [environment.image]),
    shared,
    obstacle: obstacleOf(lab, { instance, template, environment, machine, shared, diskNamespaces: config.machines.diskNamespaces }),
    connectable: pod !== undefined && isDesktop(environment) && (doorbell.answered(pod, keyOf(instance)) || wasOpen(instance, pod)),
  };
}

function machineFacts(lab: Lab, environment: Environment, { name, namespace }: { name: string; namespace: string }): MachineFacts {
  const { machines, guests, disks } = lab.optional;
  return {
    supported: machines.installed && guests.installed && (disks.installed || !needsImport(environment)),
    machine: machines.get(name, namespace),
    guest: guests.get(name, namespace),
    disk: disks.get(name, namespace),
    secret: lab.secrets.get(name, namespace),
  };
}

/** After a restart of ours nobody has asked the desktops yet; one that was open and whose pod is older than that is believed. */
function wasOpen(instance: Instance, pod: Kube<Pod>): boolean {
  const said = instance.status?.conditions?.find(({ type }) => type === 'Connectable');
  if (said?.status !== 'True') return false;
  return (
    Date.parse(pod.metadata.creationTimestamp ?? '') <= Date.parse(said.lastTransitionTime) && pod.metadata.deletionTimestamp === undefined
  );
}

function newest(found: readonly Kube<Pod>[]): Kube<Pod> | undefined {
  const age = ({ metadata }: Kube<Pod>) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  const byAge = found.toSorted((a, b) => age(b) - age(a));
  return byAge.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? byAge[0];
}

/** The build that is waited for; else that of the first image. */
function buildOf(lab: Lab, images: readonly string[]): ImageBuild | undefined {
  const builds = images.flatMap((image) => lab.builds.list().find((build) => build.spec.image === image) ?? []);
  return builds.find(({ status }) => status?.phase !== 'Ready' && status?.phase !== 'OnDemand') ?? builds[0];
}
