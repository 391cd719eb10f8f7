import { amount, compare, type Environment, type Instance, type InstanceSnapshot } from '@crownlabs/api';
import type { DataVolume, Informer, Kube } from '@crownlabs/client';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { MachineFacts, MachineFinding, Restore } from './facts.ts';

/** On the disk of a machine: which wish to go back to a snapshot it was made for. */
export const RESTORED_FROM = 'lab.crownlabs.polito.it/restored-from';

/** What is known when a wish to restore is judged. */
export interface RestoreSight {
  readonly snapshots: Informer<InstanceSnapshot>;
  readonly disks: Informer<DataVolume>;
  readonly disk: DataVolume | undefined;
  readonly claim: Kube<PersistentVolumeClaim> | undefined;
  /** The environment that a snapshot is of that names none. */
  readonly first: string | undefined;
}

/** The wish to restore the disk of an environment, or what stands against it. Nothing is lost before all of it was looked at. */
export function restoreOf(sight: RestoreSight, instance: Instance, environment: Environment): Restore | MachineFinding | undefined {
  const { restore } = instance.spec;
  if (!restore || !environment.persistent) return undefined;
  const { snapshotRef, requestedAt = '' } = restore;
  const made = markOf(sight.disk) ?? markOf(sight.claim);
  const snapshot = sight.snapshots.get(snapshotRef.name, snapshotRef.namespace ?? instance.metadata.namespace);
  if (snapshot && isOf(snapshot, instance)) return wishOf(sight, snapshot, { environment, requestedAt, made });
  // What was restored stays so when its snapshot goes.
  return !snapshot && made?.split('/')[1] === requestedAt ? undefined : faults.missing(snapshotRef.name);
}

interface Asked {
  readonly environment: Environment;
  readonly requestedAt: string;
  /** What the disk was made for that is there. */
  readonly made: string | undefined;
}

function wishOf(sight: RestoreSight, snapshot: InstanceSnapshot, { environment, requestedAt, made }: Asked) {
  if ((snapshot.spec.environmentRef?.name ?? sight.first) !== environment.name) return undefined;
  const mark = `${snapshot.metadata.uid}/${requestedAt}`;
  return fromImage(sight, snapshot, { mark, done: made === mark });
}

function markOf(of: DataVolume | Kube<PersistentVolumeClaim> | undefined): string | undefined {
  return of?.metadata.annotations?.[RESTORED_FROM];
}

function fromImage(
  { disks }: RestoreSight,
  { metadata: { name }, status }: InstanceSnapshot,
  wish: Pick<Restore, 'mark' | 'done'>,
): Restore | MachineFinding {
  const { phase, image, environmentType } = status ?? {};
  if (phase === 'Failed') return faults.failed(name);
  if (phase !== 'Completed' || image === undefined || environmentType === undefined) return faults.early(name);
  const size = environmentType === 'LocalVM' ? sizeOf(disks, image) : undefined;
  return { ...wish, snapshot: name, image: { image, environmentType }, size };
}

/** Only a snapshot of this very instance, beside it or beside its template: nobody else's disk comes in by this way. */
function isOf({ metadata, spec: { instanceRef } }: InstanceSnapshot, instance: Instance): boolean {
  const { name, namespace } = instance.metadata;
  const beside = instance.spec['template.crownlabs.polito.it/TemplateRef'].namespace;
  const may = metadata.namespace === namespace || metadata.namespace === beside;
  return may && instanceRef.name === name && (instanceRef.namespace ?? metadata.namespace) === namespace;
}

function sizeOf(disks: Informer<DataVolume>, image: string): string | undefined {
  const [namespace = '', name = ''] = image.split('/');
  return disks.get(name, namespace)?.spec.pvc.resources?.requests?.['storage'];
}

const faults = {
  missing: (name: string) => ({ reason: 'SnapshotNotFound', message: `There is no snapshot ${name} of this instance to go back to.` }),
  failed: (name: string) => ({
    reason: 'SnapshotFailed',
    message: `The snapshot ${name} was not made, so there is nothing to go back to.`,
  }),
  early: (name: string) => ({ reason: 'WaitingForSnapshot', message: `Waiting until the snapshot ${name} is made.` }),
} as const;

/** Whether a wish can be fulfilled. */
export function isRestore(wish: Restore | MachineFinding | undefined): wish is Restore {
  return wish !== undefined && 'mark' in wish;
}

/** Whether a wish is not fulfilled yet. */
export function isRestoring({ restore }: Pick<MachineFacts, 'restore'>): boolean {
  return isRestore(restore) && !restore.done;
}

/** Whether the disk that is there has to go first. */
export function mustMakeWay({
  machine,
  claim,
}: {
  readonly machine: MachineFacts | undefined;
  readonly claim: object | undefined;
}): boolean {
  return machine !== undefined && isRestoring(machine) && (machine.disk ?? claim) !== undefined;
}

/** The larger of two sizes: a disk may have grown since, or its template may ask for less than it did. */
export function larger(one: string, other: string | undefined): string {
  return other !== undefined && compare(amount(other), amount(one)) > 0 ? other : one;
}
