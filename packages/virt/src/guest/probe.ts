import type { Probe } from 'kubernetes-types/core/v1.js';
import type { GuestProbe } from '../kinds/guest-schema.ts';
import { PLACES } from './places.ts';

/**
 * The probe of a launcher pod that asks its guest. A connection proves nothing, because what forwards to the guest accepts while the guest is
 * frozen: bytes of the guest do.
 */
export function guestProbe(probe: GuestProbe | undefined): Probe | undefined {
  const question = probe && questionOf(probe);
  if (!question) return undefined;
  const { initialDelaySeconds, periodSeconds = 1, timeoutSeconds = 3, failureThreshold = 30, successThreshold } = probe;
  return {
    exec: { command: [`${PLACES.programs}/answers`, ...question] },
    periodSeconds,
    timeoutSeconds,
    failureThreshold,
    ...(initialDelaySeconds === undefined ? {} : { initialDelaySeconds }),
    ...(successThreshold === undefined ? {} : { successThreshold }),
  };
}

function questionOf({ tcpSocket, httpGet, guestAgentPing }: GuestProbe): string[] | undefined {
  if (tcpSocket) return ['tcp', String(tcpSocket.port)];
  if (httpGet) return ['http', String(httpGet.port), httpGet.path ?? '/'];
  return guestAgentPing ? ['agent'] : undefined;
}
