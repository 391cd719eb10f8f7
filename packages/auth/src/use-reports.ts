import { ANNOTATION, type Instance, USE_NAMESPACE } from '@crownlabs/api';
import { type KubeClient, leases } from '@crownlabs/client';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';

/** How a door tells that people use Instances. */
export interface UseReports extends AsyncDisposable {
  /** Somebody uses it now. Costs nothing; it is written once a minute at most. */
  used(instance: Pick<Instance, 'metadata'>): void;
  /** Its owner wants to keep it, from now; resolves when that is written. */
  keep(instance: Pick<Instance, 'metadata'>, options?: { readonly fromExpiration?: boolean }): Promise<void>;
}

const ONCE_IN_MS = 60_000;

interface Seen {
  readonly holder: string;
  usedAt: number;
  writtenAt: number;
  waiting: boolean;
}

/**
 * Reports over leases in a namespace of their own: whoever reports may write nothing else, so a door that was broken into can keep Instances
 * from being cleaned up, and no more.
 */
export function createUseReports({ client, clock, log }: { client: KubeClient; clock: Clock; log: Logger }): UseReports {
  const seen = new Map<string, Seen>();
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  async function write(uid: string, it: Seen, annotations: Record<string, string> = {}): Promise<void> {
    it.writtenAt = clock.now();
    const metadata = { name: uid, namespace: USE_NAMESPACE, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
    const spec = { holderIdentity: it.holder, renewTime: microTime(it.usedAt) };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    // What was kept is said once, and must not be taken back by the next report.
    const fieldManager = Object.keys(annotations).length > 0 ? 'crownlabs-keep' : 'crownlabs-use';
    await client.apply(leases, lease, { fieldManager, force: true });
  }

  /** Writes now, or when the minute is over: the last use of a minute is told as well. */
  async function report(uid: string, it: Seen): Promise<void> {
    try {
      const pause = it.writtenAt + ONCE_IN_MS - clock.now();
      if (pause > 0) await clock.sleep(pause, stop.signal).catch(() => undefined);
      it.waiting = false;
      await write(uid, it);
    } catch (error) {
      it.waiting = false;
      log.debug('Use was not reported', { uid, error: messageOf(error) });
    }
  }

  return {
    used({ metadata: { uid = '', namespace = '', name } }) {
      const it = seen.get(uid) ?? { holder: `${namespace}/${name}`, usedAt: 0, writtenAt: Number.NEGATIVE_INFINITY, waiting: false };
      seen.set(uid, it);
      it.usedAt = clock.now();
      if (it.waiting || stop.signal.aborted) return;
      it.waiting = true;
      const work = report(uid, it).finally(() => running.delete(work));
      running.add(work);
      forgetOld(seen, it.usedAt);
    },
    async keep({ metadata: { uid = '', namespace = '', name } }, { fromExpiration = false } = {}) {
      const usedAt = clock.now();
      const it: Seen = { holder: `${namespace}/${name}`, usedAt, writtenAt: usedAt, waiting: false };
      await write(uid, it, fromExpiration ? { [ANNOTATION.keptFromExpiration]: new Date(usedAt).toISOString() } : {});
    },
    // What was used in the last minute is told before the door closes.
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

const MOST_KNOWN = 5_000;

function forgetOld(seen: Map<string, Seen>, now: number): void {
  if (seen.size <= MOST_KNOWN) return;
  for (const [uid, it] of seen) if (!it.waiting && now - it.writtenAt > ONCE_IN_MS) seen.delete(uid);
}

/** The wire form of Kubernetes' MicroTime. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
