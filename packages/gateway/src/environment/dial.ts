import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import type { EnvironmentPod } from './environments.ts';

/** A connection to a port of a pod through the API, where its address cannot be reached from here. */
export type Forward = (pod: { namespace: string; name: string }, port: number, signal: AbortSignal) => Promise<Duplex>;

/** Opens connections to pods: straight, or through the API where the way is barred. */
export interface Dial {
  open(pod: EnvironmentPod, port: number, signal: AbortSignal): Promise<Duplex>;
  /** Whether the pod's own address can be connected to; tried once per pod. Throws ServiceUnavailable when nobody listens. */
  isStraight(pod: EnvironmentPod, port: number): Promise<boolean>;
}

const CONNECT_MS = 1_500;
const PROBE_MS = 10_000;
// These say that there is no way to the address; a refusal says only that nobody listens yet.
const NO_WAY = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EACCES', 'EPERM']);

/** A Dial that remembers how each pod is reached. */
export function createDial(forward: Forward | undefined): Dial {
  const straight = new WeakMap<AbortSignal, boolean>();

  async function open(pod: EnvironmentPod, port: number, signal: AbortSignal): Promise<Duplex> {
    if (!forward || straight.get(pod.gone) !== false) {
      try {
        const connection = await connectTo(pod.ip, port, signal);
        straight.set(pod.gone, true);
        return connection;
      } catch (error) {
        if (!forward || !NO_WAY.has(codeOf(error))) throw asUnavailable(error);
        straight.set(pod.gone, false);
      }
    }
    return forward(pod, port, signal);
  }

  return {
    open,
    async isStraight(pod, port) {
      const known = straight.get(pod.gone);
      if (known !== undefined) return known;
      const connection = await open(pod, port, AbortSignal.any([pod.gone, AbortSignal.timeout(PROBE_MS)]));
      connection.destroy();
      return straight.get(pod.gone) ?? false;
    },
  };
}

function connectTo(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, signal });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function asUnavailable(cause: unknown): LabError {
  return new LabError('ServiceUnavailable', 'The environment runs, and nothing in it answers yet. It may still be starting.', { cause });
}
