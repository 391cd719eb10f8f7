import type { Probe } from 'kubernetes-types/core/v1.js';
import type { GuestProbe } from '../kinds/guest-schema.ts';
import { PLACES } from './places.ts';

/** How long one question waits for an answer: a program that starts in a pod every second takes a tenth of a processor, for each machine. */
const PATIENCE_S = 5;
/** How long a question takes that nobody answers; the next one comes a period later. */
const UNANSWERED_S = 4;

/**
 * The probe of a launcher pod that asks its guest. A connection proves nothing, because what forwards to the guest accepts while the guest is
 * frozen: bytes of the guest do.
 */
export function guestProbe(probe: GuestProbe | undefined): Probe | undefined {
  const question = probe && questionOf(probe);
  if (!question) return undefined;
  const { initialDelaySeconds, periodSeconds = 1, timeoutSeconds = 3, failureThreshold = 30, successThreshold } = probe;
  const period = Math.max(periodSeconds, PATIENCE_S);
  return {
    exec: { command: [`${PLACES.programs}/answers`, ...question] },
    periodSeconds: period,
    timeoutSeconds: Math.max(timeoutSeconds, 2 * PATIENCE_S),
    // As long as was asked for, in fewer and longer questions.
    failureThreshold: Math.max(1, Math.floor((failureThreshold * periodSeconds + period) / (period + UNANSWERED_S))),
    ...(initialDelaySeconds === undefined ? {} : { initialDelaySeconds }),
    ...(successThreshold === undefined ? {} : { successThreshold }),
  };
}

function questionOf({ tcpSocket, httpGet, guestAgentPing }: GuestProbe): string[] | undefined {
  if (tcpSocket) return ['tcp', String(tcpSocket.port)];
  if (httpGet) return ['http', String(httpGet.port), httpGet.path ?? '/'];
  return guestAgentPing ? ['agent'] : undefined;
}
