import type { InstancePhase } from '@crownlabs/api';
import type { ContainerState } from 'kubernetes-types/core/v1.js';
import type { EnvironmentFacts } from './facts.ts';

/** What keeps a pod from running, for machines and for people. */
export interface Trouble {
  readonly phase: InstancePhase;
  readonly reason: string;
  readonly message: string;
}

const NO_IMAGE = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable']);
const BROKEN = new Set(['CreateContainerError', 'CreateContainerConfigError', 'RunContainerError', 'StartError']);

/** Why an environment that should run does not, if there is a reason beyond "not yet". */
export function podTrouble(it: EnvironmentFacts): Trouble | undefined {
  const statuses = [...(it.pod?.status?.initContainerStatuses ?? []), ...(it.pod?.status?.containerStatuses ?? [])];
  for (const { state, lastState, name } of statuses) {
    const found = state && containerTrouble(it, state, { name, last: lastState });
    if (found) return found;
  }
  return unscheduled(it);
}

function containerTrouble(
  it: EnvironmentFacts,
  state: ContainerState,
  about: { name: string; last: ContainerState | undefined },
): Trouble | undefined {
  const why = state.waiting?.reason ?? '';
  if (NO_IMAGE.has(why)) return imageTrouble(it, state.waiting?.message ?? '');
  if (why === 'CrashLoopBackOff') return crashTrouble(about);
  if (BROKEN.has(why)) {
    const message = `The environment could not be started: ${state.waiting?.message ?? why}. Tell your teacher.`;
    return { phase: 'Failed', reason: 'StartFailed', message };
  }
  return undefined;
}

/** What is said of an image that is being made, or is to be made again. */
export function imageOnItsWay(build: EnvironmentFacts['build']): Omit<Trouble, 'phase'> | undefined {
  const { phase, step, percent = 0, message: fault = 'see the log' } = build?.status ?? {};
  if (phase === 'Failed' && build?.spec.onDemand) {
    const message = `The image ${build.spec.image} could not be made (${fault.replace(/\.+$/, '')}). It is tried again. Tell your teacher.`;
    return { reason: 'ImageNotFound', message };
  }
  if (phase !== 'Building' && phase !== 'Pending') return undefined;
  const progress = step === undefined ? '' : ` (${step}, ${percent} %)`;
  const message = `The image ${build?.spec.image} is being built on this machine${progress}. The environment starts when it is ready.`;
  return { reason: 'ImageBuilding', message };
}

function imageTrouble({ environment: { image }, build }: EnvironmentFacts, detail: string): Trouble {
  const building = imageOnItsWay(build);
  if (building) return { phase: 'Starting', ...building };
  const { phase, message: fault } = build?.status ?? {};
  const cause = phase === 'Failed' ? `building it failed (${fault ?? 'see the log'})` : detail.replace(/\.+$/, '');
  const why = cause && `: ${cause}`;
  return {
    phase: 'Failed',
    reason: 'ImageNotFound',
    message: `The image ${image} is not here and cannot be fetched${why}. Tell your teacher.`,
  };
}

function crashTrouble({ name, last }: { name: string; last: ContainerState | undefined }): Trouble {
  const ended = last?.terminated;
  const how = ended?.reason === 'OOMKilled' ? 'used more memory than it may' : `ended with code ${ended?.exitCode ?? 'unknown'}`;
  const message = `The program in ${name} ${how} again and again. It is tried again; if that does not help, tell your teacher.`;
  return { phase: 'CreationLoopBackoff', reason: ended?.reason === 'OOMKilled' ? 'OutOfMemory' : 'ProgramFailed', message };
}

function unscheduled({ pod }: EnvironmentFacts): Trouble | undefined {
  const scheduled = pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  const why = (scheduled.message ?? 'it is full').replace(/[.\s]+$/, '');
  // What a scheduler says when there is nothing to choose from: the node is still starting, or cannot run at all.
  if (why.startsWith('0/0 nodes')) {
    const message = 'Waiting for the machine that runs environments. If this lasts, its administrator sees why with `crownlabs doctor`.';
    return { phase: 'Starting', reason: 'NoMachine', message };
  }
  const message = `Waiting for a place on the machine: ${why}. The environment starts as soon as others stop.`;
  return { phase: 'Starting', reason: 'WaitingForPlace', message };
}
