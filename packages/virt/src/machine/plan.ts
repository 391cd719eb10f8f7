import { isFinal } from '../guest/status.ts';
import type { Guest, Machine } from '../kinds/kinds.ts';
import type { RunStrategy, StateChange } from '../kinds/machine-schema.ts';

/** When a machine runs; `running` is the older way to say it. */
export function strategyOf({ spec }: Machine): RunStrategy {
  return spec.runStrategy ?? (spec.running ? 'Always' : 'Halted');
}

/** What is to be done about the guest of a machine. */
export type Step = 'nothing' | 'create' | 'delete';

/** What the controller needs to decide. */
export interface Situation {
  readonly strategy: RunStrategy;
  readonly guest: Guest | undefined;
  /** The first wish that was not fulfilled yet. */
  readonly request: StateChange | undefined;
  /** Whether the machine should have no guest because it sleeps. */
  readonly sleeps: boolean;
  /** Whether the guest ran once already, for machines that do so once. */
  readonly ranBefore: boolean;
}

/** The next step towards what is wanted. https://kubevirt.io/user-guide/compute/run_strategies/ */
export function nextStep(situation: Situation): Step {
  const { guest, sleeps } = situation;
  // Who sleeps is left alone until it has ended; who puts it to sleep is somebody else.
  if (sleeps) return guest && isFinal(guest.status?.phase) && guest.metadata.deletionTimestamp === undefined ? 'delete' : 'nothing';
  if (!guest) return startsNow(situation) ? 'create' : 'nothing';
  return guest.metadata.deletionTimestamp === undefined && mustGo(guest, situation) ? 'delete' : 'nothing';
}

function startsNow({ strategy, request, ranBefore }: Situation): boolean {
  const byItself = { Always: true, RerunOnFailure: true, Once: !ranBefore, Manual: false, Halted: false };
  return byItself[strategy] || (request?.action === 'Start' && strategy !== 'Halted');
}

function mustGo(guest: Guest, { strategy, request }: Situation): boolean {
  if (request?.action === 'Stop' || strategy === 'Halted') return true;
  return isFinal(guest.status?.phase) && comesBack(strategy, guest, request);
}

/** Whether an ended guest makes way for another one. */
function comesBack(strategy: RunStrategy, guest: Guest, request: StateChange | undefined): boolean {
  if (request?.action === 'Start' || strategy === 'Always') return true;
  return strategy === 'RerunOnFailure' && guest.status?.phase === 'Failed';
}

/** The wishes that are left once the world is as it is: a stop is over when its guest is gone, a start when there is a guest. */
export function openRequests(requests: readonly StateChange[] | undefined, guest: Guest | undefined): StateChange[] {
  const left = [...(requests ?? [])];
  while (left[0]) {
    const { action, uid } = left[0];
    const done =
      action === 'Stop'
        ? !guest || (uid !== undefined && guest.metadata.uid !== uid)
        : guest !== undefined && !isFinal(guest.status?.phase);
    if (!done) return left;
    left.shift();
  }
  return left;
}
