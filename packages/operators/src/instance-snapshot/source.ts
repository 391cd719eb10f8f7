import type { Environment, Instance, InstanceSnapshot, Template } from '@crownlabs/api';
import { dataVolumes, jobs, type KubeClient, persistentVolumeClaims, type Resource } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import { templateOf } from '../instance/template-of.ts';
import type { Lab } from '../lab.ts';
import { imageDiskName } from './desired.ts';
import { chosenEnvironment, diskName, type SnapshotFault, type SnapshotSource } from './facts.ts';

/** The instance that a snapshot names. */
export function instanceOf(lab: Lab, { spec: { instanceRef }, metadata }: InstanceSnapshot): Instance | undefined {
  return lab.instances.get(instanceRef.name, instanceRef.namespace ?? metadata.namespace);
}

/** The disk to copy, or what stands against it. */
export async function findSource(lab: Lab, snapshot: InstanceSnapshot): Promise<SnapshotSource | SnapshotFault> {
  const instance = instanceOf(lab, snapshot);
  const template = instance && templateOf(lab, instance);
  const environment = chosenEnvironment({ snapshot, instance, template, supported: lab.optional.disks.installed });
  if ('reason' in environment) return environment;
  if (!instance || !template) return { reason: 'InstanceNotFound', message: 'The instance does not exist any more.' };
  const { namespace } = instance.metadata;
  const name = diskName(instance, environment);
  const claim = await lab.client.find(persistentVolumeClaims, name, namespace);
  // A volume may be there long before its disk is, or without one ever being.
  const disk = lab.optional.disks.get(name, namespace);
  if (claim?.status?.phase !== 'Bound' || (disk?.status?.phase ?? 'Succeeded') !== 'Succeeded') {
    return { reason: 'DiskNotReady', message: 'The instance has no disk yet: start it once, and wait until it was ready.' };
  }
  return withUse(lab, { instance, template, environment, claim });
}

/** What is written to while it is copied would be torn, unless the storage holds it still. */
async function withUse(lab: Lab, source: Omit<SnapshotSource, 'inUse' | 'snapshotClass'>): Promise<SnapshotSource | SnapshotFault> {
  const { instance, claim } = source;
  const inUse = instance.spec.running || lab.optional.guests.get(claim.metadata.name, claim.metadata.namespace) !== undefined;
  if (!inUse) return { ...source, inUse, snapshotClass: undefined };
  const snapshotClass = await snapshotClassFor(lab, claim.spec?.volumeName ?? '');
  return snapshotClass === undefined ? refuseUse(instance) : { ...source, inUse, snapshotClass };
}

function refuseUse({ spec }: Instance): SnapshotFault {
  if (!spec.running) return { reason: 'WaitingForStop', message: 'Waiting until the instance has stopped completely.', passing: true };
  const message = 'The instance is running, and this storage cannot copy a disk that is in use. Stop it, then make another snapshot.';
  return { reason: 'InstanceRunning', message };
}

/** The class by which the driver of a volume copies it while it is used. Most homes have none. */
async function snapshotClassFor(lab: Lab, volume: string): Promise<string | undefined> {
  const driver = lab.volumes.get(volume)?.spec?.csi?.driver;
  if (driver === undefined) return undefined;
  for (const item of await snapshotClasses(lab.client)) {
    if (item.driver === driver && item.metadata?.name !== undefined) return item.metadata.name;
  }
  return undefined;
}

interface SnapshotClass {
  readonly driver?: string;
  readonly metadata?: { readonly name?: string };
}

async function snapshotClasses(client: KubeClient): Promise<readonly SnapshotClass[]> {
  try {
    // The parse border: what is missing in an item makes it match nothing.
    const { items } = (await client.raw('GET', '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses')) as { items?: SnapshotClass[] };
    return items ?? [];
  } catch (error) {
    if (hasCode(error, 'NotFound')) return [];
    throw error;
  }
}

/** Something of the name that we need which is not this snapshot's: it is never overwritten. */
export async function takenBy({ client }: Lab, snapshot: InstanceSnapshot, withJob: boolean): Promise<SnapshotFault | undefined> {
  const { name, namespace } = snapshot.metadata;
  const wanted: [Resource, string][] = [
    [dataVolumes, imageDiskName(snapshot)],
    ...(withJob ? [[jobs, name] satisfies [Resource, string]] : []),
  ];
  for (const [resource, of] of wanted) {
    const found = await client.find(resource, of, namespace);
    const mine = found?.metadata.ownerReferences?.some(({ uid }) => uid === snapshot.metadata.uid);
    if (!found || mine === true) continue;
    return { reason: 'NameTaken', message: `There is another ${resource.kind} called ${of} here. Make the snapshot under another name.` };
  }
  return undefined;
}

/** The environment that was copied, where it can still be read: for the Template that is made last. */
export function environmentOf(lab: Lab, snapshot: InstanceSnapshot): { template: Template; environment: Environment } | undefined {
  const instance = instanceOf(lab, snapshot);
  const template = instance && templateOf(lab, instance);
  const environment = chosenEnvironment({ snapshot, instance, template, supported: true });
  return template && !('reason' in environment) ? { template, environment } : undefined;
}
