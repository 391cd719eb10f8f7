import type { Duplex } from 'node:stream';
import type { Kube, ObjectKey } from '@crownlabs/client';
import type { Clock } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** A pod as a prober needs to know it. */
export interface ProbedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
}

/** Whether something in the pod speaks RFB on `port`: true once its banner was read. A failure to connect is false, not an error. */
export type Probe = (pod: ProbedPod, port: number, signal: AbortSignal) => Promise<boolean>;

/** The port of a desktop's RFB server. */
export const RFB_PORT = 5900;

const BANNER = 'RFB ';
const ASK_EVERY_MS = 50;
const GIVE_UP_AFTER_MS = 120_000;

/** A probe over whatever can open a connection to a pod. */
export function rfbProbe(dial: (pod: ProbedPod, port: number, signal: AbortSignal) => Promise<Duplex>): Probe {
  return async (pod, port, signal) => {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    const connection = await dial(pod, port, soon).catch(() => undefined);
    if (!connection) return false;
    const hangUp = () => connection.destroy();
    connection.on('error', hangUp);
    soon.addEventListener('abort', hangUp, { once: true });
    try {
      let text = '';
      for await (const part of connection as AsyncIterable<Buffer>) {
        text += part.toString('latin1');
        if (text.length >= BANNER.length) return text.startsWith(BANNER);
      }
      return false;
    } catch {
      return false;
    } finally {
      soon.removeEventListener('abort', hangUp);
      hangUp();
    }
  };
}

/** Rings at desktops that have just got an address until they answer, and tells who waits for them. */
export class Doorbell {
  readonly #probe: Probe;
  readonly #clock: Clock;
  readonly #onAnswer: (key: ObjectKey) => void;
  readonly #signal: AbortSignal;
  readonly #answered = new Set<string>();
  readonly #ringing = new Set<string>();

  constructor(probe: Probe, clock: Clock, onAnswer: (key: ObjectKey) => void, signal: AbortSignal) {
    this.#probe = probe;
    this.#clock = clock;
    this.#onAnswer = onAnswer;
    this.#signal = signal;
  }

  /** Whether the desktop in this pod has answered; if it was never asked, it is from now on. */
  answered(pod: Kube<Pod>, instance: ObjectKey): boolean {
    const { uid = '', namespace = '', name, deletionTimestamp } = pod.metadata;
    const ip = pod.status?.podIP;
    if (this.#answered.has(uid)) return true;
    if (ip === undefined || deletionTimestamp !== undefined || this.#ringing.has(uid)) return false;
    this.#ringing.add(uid);
    void this.#ring({ namespace, name, uid, ip }, instance);
    return false;
  }

  /** Forgets a pod that is gone. */
  forget(uid: string): void {
    this.#answered.delete(uid);
    this.#ringing.delete(uid);
  }

  async #ring(pod: ProbedPod, instance: ObjectKey): Promise<void> {
    const until = this.#clock.now() + GIVE_UP_AFTER_MS;
    while (this.#ringing.has(pod.uid) && !this.#signal.aborted) {
      if (await this.#probe(pod, RFB_PORT, this.#signal).catch(() => false)) {
        this.#answered.add(pod.uid);
        break;
      }
      // A desktop that is silent for minutes is asked now and then: it may be slow, or no desktop at all.
      const pause = this.#clock.now() < until ? ASK_EVERY_MS : 5_000;
      await this.#clock.sleep(pause, this.#signal).catch(() => undefined);
    }
    this.#ringing.delete(pod.uid);
    if (this.#answered.has(pod.uid)) this.#onAnswer(instance);
  }
}
