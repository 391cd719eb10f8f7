import { FINALIZER, type InstanceSnapshot, instanceSnapshots, templates, workspaceNamespace } from '@crownlabs/api';
import { controllerOf, type DataVolume, dataVolumes, type EventRecorder, jobs, keyOf, keyText } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Clock, hasCode, sameJson } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import { isOurs } from '../manifests/labels.ts';
import { outcomeOf } from '../volume-handover.ts';
import {
  exportJob,
  FROM_SNAPSHOT,
  frozenDisk,
  frozenName,
  type ImageUse,
  imageDisk,
  imageDiskName,
  imageReference,
  snapshotTemplate,
  templateName,
  volumeSnapshots,
} from './desired.ts';
import type { SnapshotFault, SnapshotSource } from './facts.ts';
import { environmentOf, findSource, instanceOf, takenBy } from './source.ts';
import { observeSnapshot, type Progress } from './status.ts';

/** What the snapshot controller works with. */
export interface SnapshotTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** The storage's own snapshots are no kind that we can count on, so one that is being made is asked for. */
const FROZEN_POLL_MS = 2_000;

/** Turns disks of instances into images, and images into Templates. */
export function snapshotReconciler(tools: SnapshotTools): Reconcile {
  const { lab, config } = tools;
  return async ({ name, namespace = '' }) => {
    const snapshot = lab.snapshots.get(name, namespace);
    if (!snapshot || !isOurs(lab.namespaces.get(namespace) ?? { metadata: {} }, config.operatorSelector)) return undefined;
    if (snapshot.metadata.deletionTimestamp !== undefined) return end(tools, snapshot);
    if (isOver(snapshot)) return undefined;
    const current = await guard(lab, snapshot);
    const step = await advance(tools, current);
    if (!step) return undefined;
    await report(tools, current, step.progress);
    // Only when it is written that it is over: what is missing before that is made again.
    if (step.progress.is === 'done' || step.progress.is === 'failed') await tidy(tools, current, step.progress.is);
    return step.again;
  };
}

/** A snapshot is made once: what failed stays failed until somebody makes another one, and what was made is not made anew. */
function isOver({ status }: InstanceSnapshot): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}

async function guard(lab: Lab, snapshot: InstanceSnapshot): Promise<InstanceSnapshot> {
  const { finalizers = [], resourceVersion, name, namespace } = snapshot.metadata;
  if (finalizers.includes(FINALIZER.snapshotProtection)) return snapshot;
  const metadata = { resourceVersion, finalizers: [...finalizers, FINALIZER.snapshotProtection] };
  return lab.client.patch(instanceSnapshots, name, namespace, { metadata });
}

interface Step {
  readonly progress: Progress;
  readonly again?: Requeue;
}

async function advance(tools: SnapshotTools, snapshot: InstanceSnapshot): Promise<Step | undefined> {
  const { lab, config } = tools;
  const disk = lab.optional.disks.get(imageDiskName(snapshot), snapshot.metadata.namespace);
  if (disk?.status?.phase === 'Succeeded') return config.snapshots.registry ? push(tools, snapshot) : finish(tools, snapshot);
  if (disk?.status?.phase === 'Failed') {
    return failed({
      reason: 'CopyFailed',
      message: 'The storage could not copy the disk. Make another snapshot; tell your administrator if it fails again.',
    });
  }
  if (disk) return { progress: { is: 'copying', message: copyingText(disk.status) } };
  return begin(tools, snapshot);
}

/** What goes wrong is tried again, so it is no failure yet; whoever waits knows what for. */
function copyingText(status: DataVolume['status']): string {
  const running = status?.conditions?.find(({ type }) => type === 'Running');
  if (running?.reason === 'Error') return `The disk could not be copied, and is tried again: ${running.message ?? 'it is not said why'}`;
  return `The disk is being copied${percent(status?.progress)}.`;
}

function percent(progress: string | undefined): string {
  return progress === undefined || !/^\d/.test(progress) ? '' : `: ${progress}`;
}

function failed(fault: SnapshotFault): Step {
  return { progress: { is: fault.passing === true ? 'waiting' : 'failed', fault } };
}

async function begin({ lab, config }: SnapshotTools, snapshot: InstanceSnapshot): Promise<Step | undefined> {
  // The watch of copies may be ahead of that of snapshots: a copy that went because all was done is not missing.
  const latest = await lab.client.find(instanceSnapshots, snapshot.metadata.name, snapshot.metadata.namespace);
  if (!latest || isOver(latest)) return undefined;
  const source = (await takenBy(lab, snapshot, config.snapshots.registry !== undefined)) ?? (await findSource(lab, snapshot));
  if ('reason' in source) return failed(source);
  if (source.inUse) {
    const frozen = await freeze(lab, snapshot, source);
    if (frozen) return frozen;
  }
  await lab.converger.ensure(imageDisk(snapshot, source, source.inUse));
  return { progress: { is: 'copying', message: 'The disk is being copied.' } };
}

/** Holds the disk's content still while it is copied; nothing when that is done. */
async function freeze(lab: Lab, snapshot: InstanceSnapshot, source: SnapshotSource): Promise<Step | undefined> {
  const { namespace } = source.instance.metadata;
  const found = await lab.client.find(volumeSnapshots, frozenName(snapshot), namespace);
  if (found?.status?.readyToUse === true) return undefined;
  if (found?.status?.error) {
    return failed({
      reason: 'CopyFailed',
      message: `The storage could not copy the disk while it is in use: ${(found.status.error.message ?? 'it does not say why').replace(/\.+$/, '')}.`,
    });
  }
  if (!found) {
    const { resource, object } = frozenDisk(snapshot, source);
    await lab.client.apply(resource, object, { force: true });
  }
  return { progress: { is: 'copying', message: 'The state of the disk is being held.' }, again: { afterMs: FROZEN_POLL_MS } };
}

async function push(tools: SnapshotTools, snapshot: InstanceSnapshot): Promise<Step> {
  const { lab, config } = tools;
  const { registry } = config.snapshots;
  if (!registry) return finish(tools, snapshot);
  const job = lab.jobs.get(snapshot.metadata.name, snapshot.metadata.namespace);
  const outcome = outcomeOf(job);
  if (outcome === 'complete') return finish(tools, snapshot);
  if (outcome === 'failed') {
    return failed({
      reason: 'PushFailed',
      message: 'The image could not be brought to the registry. Ask your administrator whether it answers.',
    });
  }
  if (!job) await lab.converger.ensure(exportJob(snapshot, registry, imageUse(tools, snapshot).image));
  return { progress: { is: 'copying', message: 'The image is being brought to the registry.' } };
}

function imageUse({ lab, config }: SnapshotTools, snapshot: InstanceSnapshot): ImageUse {
  const { registry } = config.snapshots;
  const owner = instanceOf(lab, snapshot)?.spec['tenant.crownlabs.polito.it/TenantRef'].name ?? snapshot.metadata.namespace ?? '';
  return { image: imageReference(snapshot, registry, owner), environmentType: registry ? 'VirtualMachine' : 'LocalVM' };
}

async function finish(tools: SnapshotTools, snapshot: InstanceSnapshot): Promise<Step> {
  const image = imageUse(tools, snapshot);
  const { template, warning } = snapshot.spec.template ? await makeTemplate(tools, snapshot, image) : NO_TEMPLATE;
  return { progress: { is: 'done', image, template, warning } };
}

interface MadeTemplate {
  readonly template: string | undefined;
  readonly warning: SnapshotFault | undefined;
}

const NO_TEMPLATE: MadeTemplate = { template: undefined, warning: undefined };

async function makeTemplate({ lab }: SnapshotTools, snapshot: InstanceSnapshot, image: ImageUse): Promise<MadeTemplate> {
  const { namespace = '' } = snapshot.metadata;
  const name = templateName(snapshot);
  const no = (reason: string, message: string): MadeTemplate => ({ template: undefined, warning: { reason, message } });
  const of = environmentOf(lab, snapshot);
  if (!of)
    return no('TemplateNotMade', `The image is ${image.image}. The instance is gone, so no template could be made after it: make one.`);
  const workspace = lab.workspaces.list().find(({ metadata }) => workspaceNamespace(metadata.name) === namespace);
  try {
    await lab.client.create(templates, snapshotTemplate(snapshot, of, { image, workspace }));
    return { template: name, warning: undefined };
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists', 'Invalid')) throw error;
    const found = await lab.client.find(templates, name, namespace);
    if (found?.metadata.annotations?.[FROM_SNAPSHOT] === snapshot.metadata.uid) return { template: name, warning: undefined };
    const why = found ? 'there is another template of that name' : error.message;
    return no('TemplateNotMade', `The image is ${image.image}. No template ${name} was made, because ${why}.`);
  }
}

async function report({ lab, clock, events }: SnapshotTools, snapshot: InstanceSnapshot, progress: Progress): Promise<InstanceSnapshot> {
  const status = observeSnapshot(snapshot, progress, clock.now());
  if (sameJson(status, snapshot.status)) return snapshot;
  announce(events, snapshot, progress);
  const { name, namespace } = snapshot.metadata;
  return lab.client.patch(instanceSnapshots, name, namespace, { status }, { subresource: 'status' });
}

/** A wish that cannot be is a ValidationError, as it always was; its reason is in the condition. */
function announce(events: EventRecorder, snapshot: InstanceSnapshot, progress: Progress): void {
  if (progress.is === 'failed') {
    const late = progress.fault.reason === 'CopyFailed' || progress.fault.reason === 'PushFailed';
    events.record(snapshot, { type: 'Warning', reason: late ? progress.fault.reason : 'ValidationError', message: progress.fault.message });
  }
  if (progress.is === 'deleting')
    events.record(snapshot, { type: 'Warning', reason: progress.fault.reason, message: progress.fault.message });
  if (progress.is === 'done')
    events.record(snapshot, { type: 'Normal', reason: 'Completed', message: `The image is ${progress.image.image}.` });
}

/** What was pushed need not be kept here as well, nor what was held still. */
async function tidy({ lab, config }: SnapshotTools, snapshot: InstanceSnapshot, how: 'done' | 'failed'): Promise<void> {
  await dropFrozen(lab, snapshot);
  const { name, namespace } = snapshot.metadata;
  const copy = imageDiskName(snapshot);
  const mine = controllerOf(lab.optional.disks.get(copy, namespace) ?? snapshot)?.uid === snapshot.metadata.uid;
  if (!mine || (how === 'done' && !config.snapshots.registry)) return;
  await lab.converger.remove(dataVolumes, copy, namespace);
  if (how === 'failed') await lab.converger.remove(jobs, name, namespace);
}

async function dropFrozen(lab: Lab, snapshot: InstanceSnapshot): Promise<void> {
  const { instanceRef } = snapshot.spec;
  try {
    const namespace = instanceRef.namespace ?? snapshot.metadata.namespace;
    const found = await lab.client.find(volumeSnapshots, frozenName(snapshot), namespace);
    if (found) await lab.client.delete(volumeSnapshots, frozenName(snapshot), namespace);
  } catch (error) {
    // Where the kind is not installed there is nothing to take away.
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** An image that templates start stays; what the snapshot owns goes with it by owner references. */
async function end(tools: SnapshotTools, snapshot: InstanceSnapshot): Promise<undefined> {
  const { lab } = tools;
  const { name, namespace, finalizers = [] } = snapshot.metadata;
  if (!finalizers.includes(FINALIZER.snapshotProtection)) return undefined;
  const users = usersOf(lab, snapshot);
  if (users.length > 0) {
    const message = `The image is kept, because it is started by the templates ${users.slice(0, 5).join(', ')}: delete them or give them another image first.`;
    await report(tools, snapshot, { is: 'deleting', fault: { reason: 'DeletionBlocked', message } });
    return undefined;
  }
  await dropFrozen(lab, snapshot);
  const rest = finalizers.filter((it) => it !== FINALIZER.snapshotProtection);
  const { resourceVersion } = snapshot.metadata;
  await lab.client.patch(instanceSnapshots, name, namespace, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}

/** Only an image that is a volume of ours goes with its snapshot. */
function usersOf(lab: Lab, snapshot: InstanceSnapshot): string[] {
  const image = imageReference(snapshot, undefined, '');
  const uses = lab.templates
    .list()
    .filter(({ spec }) => spec.environmentList.some((it) => it.environmentType === 'LocalVM' && it.image === image));
  return uses.map((it) => keyText(keyOf(it))).toSorted();
}
