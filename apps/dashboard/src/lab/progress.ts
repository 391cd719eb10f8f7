import type { Condition, Instance } from './instance.ts';

/** Where an instance is, in the words of the page. */
export type Stage = 'waiting' | 'starting' | 'ready' | 'stopping' | 'off' | 'failed' | 'blocked' | 'suspended' | 'deleting';

const STAGE_OF_PHASE: Readonly<Record<string, Stage>> = {
  '': 'waiting',
  Importing: 'starting',
  Starting: 'starting',
  Running: 'starting',
  Ready: 'ready',
  Stopping: 'stopping',
  Off: 'off',
  Failed: 'failed',
  CreationLoopBackoff: 'failed',
  ResourceQuotaExceeded: 'blocked',
  Suspended: 'suspended',
};

/** What has no phase of its own, and does not end by waiting, though it is tried again. */
const STUCK = new Set(['DiskImportFailed']);

/** The stage of an instance: its phase, corrected by what was just asked of it and is not seen there yet. */
export function stageOf(instance: Pick<Instance, 'phase' | 'running' | 'deleting' | 'conditions'>): Stage {
  if (instance.deleting) return 'deleting';
  const isStuck = instance.conditions.some(({ type, holds, reason }) => type === 'Ready' && !holds && STUCK.has(reason));
  const stage = isStuck ? 'failed' : (STAGE_OF_PHASE[instance.phase] ?? 'waiting');
  if (!instance.running && stage !== 'off' && stage !== 'suspended') return 'stopping';
  if (instance.running && stage === 'off') return 'waiting';
  return stage;
}

/** Whether something is under way that a person waits for. */
export function isMoving(stage: Stage): boolean {
  return stage === 'waiting' || stage === 'starting' || stage === 'stopping' || stage === 'deleting';
}

/** Whether the way in is open already, be it before everything is ready. */
export function isConnectable(instance: Instance): boolean {
  if (instance.deleting || !instance.running || instance.pretended) return false;
  return stageOf(instance) === 'ready' || instance.conditions.some((condition) => condition.type === 'Connectable' && condition.holds);
}

/** Whether its desktop may be opened: one that is starting keeps whoever comes early until it shows its first picture. */
export function mayComeEarly(instance: Instance): boolean {
  const importing = instance.phase === 'Importing' || instance.environments.some(({ phase }) => phase === 'Importing');
  return isConnectable(instance) || (stageOf(instance) === 'starting' && !instance.pretended && !importing);
}

/** The disk that is being made, if there is one: how much of it is there, and how long the rest will take at this pace. */
export function importOf(
  { environments }: Pick<Instance, 'environments'>,
  now: number,
): { percent: number; done: number; bytes: number; minutesLeft: number | undefined } | undefined {
  const disk = environments.find(({ importing }) => importing !== undefined)?.importing;
  if (!disk) return undefined;
  const { percent, bytes, since } = disk;
  const spent = (now - since) / 60_000;
  // The first percents say little about the pace.
  const minutesLeft = percent >= 2 && spent > 0 ? Math.ceil((spent * (100 - percent)) / percent) : undefined;
  return { percent, done: (bytes * percent) / 100, bytes, minutesLeft };
}

/** The condition that says why an instance is not ready, if there is one worth telling. */
export function explanation(instance: Instance): Condition | undefined {
  const open = instance.conditions.filter((condition) => !condition.holds && condition.message !== '' && condition.type !== 'Connectable');
  return open.find((condition) => condition.type === 'Ready') ?? open[0];
}

/** Whether an instance that is off is kept in memory for a while, with everything that was open. */
export function isKept(instance: Pick<Instance, 'conditions'>): boolean {
  return instance.conditions.some((condition) => condition.type === 'KeptInMemory' && condition.holds);
}

/** What there is to tell beside the stage: why it is not ready, or until when something is kept. */
export function remark(instance: Instance): Condition | undefined {
  const stage = stageOf(instance);
  if (stage === 'off') return instance.conditions.find((condition) => condition.type === 'KeptInMemory' && condition.holds);
  return stage === 'ready' ? undefined : explanation(instance);
}

/** Since when a person has been waiting: since the last change of direction that we know of. */
export function waitingSince(instance: Instance, askedAt: number | undefined): number {
  if (askedAt !== undefined) return askedAt;
  const moved = instance.conditions.find((condition) => condition.type === 'Ready' && !condition.holds)?.since;
  return Math.max(instance.createdAt, moved ?? 0);
}

/** Something that will happen to an instance by itself. */
export interface Appointment {
  readonly what: 'stop' | 'deleteUnused' | 'deleteStopped' | 'expire';
  /** RFC 3339. */
  readonly at: string;
}

const APPOINTMENTS: readonly { type: string; reason?: string; what: Appointment['what'] }[] = [
  { type: 'StopScheduled', reason: 'UnusedWithoutDisk', what: 'deleteUnused' },
  { type: 'StopScheduled', what: 'stop' },
  { type: 'DeletionScheduled', what: 'deleteStopped' },
  { type: 'Expires', what: 'expire' },
];

/** What will happen to an instance if nobody does anything: the first of all that is announced. */
export function appointment({ conditions, deleting }: Pick<Instance, 'conditions' | 'deleting'>): Appointment | undefined {
  if (deleting) return undefined;
  const announced = conditions.flatMap(({ type, reason, holds, message }) => {
    const known = APPOINTMENTS.find((it) => it.type === type && (it.reason === undefined || it.reason === reason));
    // The last time in the sentence is when it happens; what comes before is since when.
    const at = message.match(/\d{4}-\d\d-\d\dT[\d:]{8}Z/g)?.at(-1);
    return holds && known && at ? [{ what: known.what, at }] : [];
  });
  return announced.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
}
