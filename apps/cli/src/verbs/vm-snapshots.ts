import { type Instance, type InstanceSnapshot, instanceSnapshots, instances } from '@crownlabs/api';
import type { KubeClient } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import type { Places } from '../places.ts';
import { printRows } from '../print-table.ts';
import { say } from '../terminal.ts';
import { type FoundMachine, findMachine, type MachineFlags, reachOf } from './vm.ts';

/** Copies the disk of a machine as it is now, beside its template, where the teacher of its course makes images. */
export async function takeSnapshot(places: Places, name: string, called: string | undefined, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const found = await keeping(client, name, flags);
  const made = await client.create(instanceSnapshots, snapshotOf(found, called ?? `${name}-${stamp()}`));
  say(`The disk of ${name} is being copied: \`crownlabs vm snapshots ${name}\` shows ${made.metadata.name} when that is done.`);
}

/** A wish to copy the disk of a machine. */
export function snapshotOf({ instance, environment }: FoundMachine, name: string) {
  const { name: of, namespace } = instance.metadata;
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'InstanceSnapshot',
    metadata: { name, namespace: homeOf(instance) },
    spec: {
      instanceRef: { name: of, ...(namespace === undefined ? {} : { namespace }) },
      environmentRef: { name: environment },
      imageName: name,
    },
  };
}

/** Prints the snapshots of a machine, the newest last. */
export async function listSnapshots(places: Places, name: string, format: string, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { instance } = await keeping(client, name, flags);
  const rows = (await snapshotsOf(client, instance)).map(({ metadata, spec, status }) => ({
    snapshot: metadata.name,
    environment: spec.environmentRef?.name,
    taken: metadata.creationTimestamp,
    phase: status?.phase,
    template: status?.template,
  }));
  if (rows.length === 0 && format === 'table') say(`There are no snapshots of ${name}. \`crownlabs vm snapshot ${name}\` takes one.`);
  else printRows(rows, format);
}

/** Makes the disk of a machine what it was. Who did not say yes is told what is lost. */
export async function restoreSnapshot(
  places: Places,
  [name, wanted]: readonly [string, string],
  flags: MachineFlags & { readonly yes?: boolean },
): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { instance } = await keeping(client, name, flags);
  const snapshot = (await snapshotsOf(client, instance)).find(({ metadata }) => metadata.name === wanted);
  if (!snapshot)
    throw new LabError('NotFound', `There is no snapshot ${wanted} of ${name}. \`crownlabs vm snapshots ${name}\` shows what there is.`);
  if (snapshot.status?.phase !== 'Completed') throw new LabError('Conflict', `The snapshot ${wanted} is not complete.`);
  if (flags.yes !== true) {
    const loses = `Everything that was written to the disk of ${name} since ${snapshot.metadata.creationTimestamp} is lost for good`;
    throw new LabError('BadRequest', `${loses}, and the machine stops for it. Say --yes to go back.`);
  }
  const restore = { snapshotRef: { name: wanted, namespace: snapshot.metadata.namespace }, requestedAt: new Date().toISOString() };
  await client.patch(instances, name, instance.metadata.namespace, { spec: { restore } });
  say(`${name} goes back to ${wanted}${instance.spec.running ? ', and starts again' : ''}.`);
}

async function keeping(client: KubeClient, name: string, flags: MachineFlags): Promise<FoundMachine> {
  const found = await findMachine(client, name, flags);
  if (!found.persistent) throw new LabError('BadRequest', `${name} keeps no disk, so there is nothing to take a snapshot of.`);
  return found;
}

async function snapshotsOf(client: KubeClient, instance: Instance): Promise<InstanceSnapshot[]> {
  const { name, namespace = '' } = instance.metadata;
  const places = [...new Set([homeOf(instance), namespace])];
  const lists = await Promise.all(places.map((place) => client.list(instanceSnapshots, { namespace: place })));
  const isOf = ({ metadata, spec: { instanceRef } }: InstanceSnapshot) =>
    instanceRef.name === name && (instanceRef.namespace ?? metadata.namespace) === namespace;
  const time = ({ metadata }: InstanceSnapshot) => metadata.creationTimestamp ?? '';
  return lists
    .flatMap(({ items }) => items)
    .filter(isOf)
    .toSorted((a, b) => time(a).localeCompare(time(b)));
}

/** Where the template is: who may write that makes images for it. */
function homeOf({ metadata, spec }: Instance): string {
  return spec['template.crownlabs.polito.it/TemplateRef'].namespace ?? metadata.namespace ?? '';
}

function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
