import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';

/** What a table says of a pod: the state of its containers in one word, and how often they were restarted. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

function conditionIs(pod: JsonObject, type: string, status = 'True'): boolean {
  return objectsAt(pod, 'status', 'conditions').some((one) => textAt(one, 'type') === type && textAt(one, 'status') === status);
}

function isSidecar(container: JsonObject | undefined): boolean {
  return container !== undefined && textAt(container, 'restartPolicy') === 'Always';
}

/** Why a container ended: its own word, else its signal or exit code. */
function endText(terminated: JsonObject): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}`;
}

class Restarts {
  count = 0;
  last: string | undefined;

  note(status: JsonObject): void {
    this.count += numberAt(status, 'restartCount') ?? 0;
    const ended = textAt(status, 'lastState', 'terminated', 'finishedAt');
    if (ended !== '' && (this.last === undefined || ended > this.last)) this.last = ended;
  }
}

/** Sums a pod up. */
export function summarizePod(pod: JsonObject): PodSummary {
  const init = initialization(pod);
  const sidecars = objectsAt(pod, 'spec', 'initContainers').filter(isSidecar).length;
  const total = objectsAt(pod, 'spec', 'containers').length + sidecars;
  const waits = init.reason !== undefined && !conditionIs(pod, 'Initialized');
  const main = waits ? { ready: 0, reason: init.reason, restarts: init.restarts } : running(pod, init.sidecarRestarts);
  const reason = deletedText(pod) ?? main.reason ?? basicReason(pod);
  return { ready: main.ready + init.readySidecars, total, reason, restarts: main.restarts.count, lastRestart: main.restarts.last };
}

function basicReason(pod: JsonObject): string {
  const gated = objectsAt(pod, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'PodScheduled' && textAt(one, 'reason') === 'SchedulingGated',
  );
  if (gated) return 'SchedulingGated';
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase');
}

function deletedText(pod: JsonObject): string | undefined {
  if (textAt(pod, 'metadata', 'deletionTimestamp') === '') return undefined;
  if (textAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')) ? undefined : 'Terminating';
}

interface Initialization {
  readonly reason: string | undefined;
  readonly restarts: Restarts;
  readonly sidecarRestarts: Restarts;
  readonly readySidecars: number;
}

/** How far the init containers have come; `reason` while one of them is not done. */
function initialization(pod: JsonObject): Initialization {
  const containers = objectsAt(pod, 'spec', 'initContainers');
  const restarts = new Restarts();
  const sidecarRestarts = new Restarts();
  let readySidecars = 0;
  for (const [index, status] of objectsAt(pod, 'status', 'initContainerStatuses').entries()) {
    const sidecar = isSidecar(containers.find((one) => textAt(one, 'name') === textAt(status, 'name')));
    restarts.note(status);
    if (sidecar) sidecarRestarts.note(status);
    if (sidecar && status['started'] === true) {
      if (status['ready'] === true) readySidecars += 1;
      continue;
    }
    const reason = initReason(status, `${index}/${containers.length}`);
    if (reason !== undefined) return { reason: `Init:${reason}`, restarts, sidecarRestarts, readySidecars };
  }
  return { reason: undefined, restarts, sidecarRestarts, readySidecars };
}

function initReason(status: JsonObject, progress: string): string | undefined {
  const terminated = objectAt(status, 'state', 'terminated');
  if (terminated) return numberAt(terminated, 'exitCode') === 0 ? undefined : endText(terminated);
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  return waiting !== '' && waiting !== 'PodInitializing' ? waiting : progress;
}

function running(pod: JsonObject, restarts: Restarts): { ready: number; reason: string | undefined; restarts: Restarts } {
  let reason: string | undefined;
  let ready = 0;
  // The first container has the last word.
  for (const status of objectsAt(pod, 'status', 'containerStatuses').toReversed()) {
    restarts.note(status);
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    const terminated = objectAt(status, 'state', 'terminated');
    if (waiting !== '') reason = waiting;
    else if (terminated) reason = endText(terminated);
    else if (status['ready'] === true && objectAt(status, 'state', 'running')) ready += 1;
  }
  if (reason === 'Completed' && ready > 0) reason = conditionIs(pod, 'Ready') ? 'Running' : 'NotReady';
  return { ready, reason, restarts };
}
