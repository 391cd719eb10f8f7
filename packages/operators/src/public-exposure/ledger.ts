import { cutName, LABEL } from '@crownlabs/api';
import { configMaps, type Informer, type Kube, type KubeClient, type ObjectKey } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import type { ConfigMap } from 'kubernetes-types/core/v1.js';
import { SYSTEM_NAMESPACE } from '../admission/handlers.ts';
import type { Holding } from './allocate.ts';

/** The value of the managed-by label of the ledger. */
export const EXPOSURE_MANAGER = 'public-exposure';

/** The one object that says who has which public address and port. */
export const EXPOSURE_LEDGER = 'crownlabs-public-exposure';

// A conflict means that somebody else got something: whoever keeps asking gets his turn.
const TRIES = 64;
const LONGEST_KEY = 253;

/** A decision on what one instance gets, from what it has and what the others have. */
export type Choose = (has: { readonly current: Holding | undefined; readonly others: readonly Holding[] }) => Holding | undefined;

/** Those that the ledger may have forgotten or not know yet, by instance. */
export type Holdings = ReadonlyMap<string, Holding>;

/** How the ledger names an instance. A namespace has no dots, so that no two have the same name. */
export function entryOf({ namespace = '', name }: ObjectKey): string {
  return cutName(`${namespace}.${name}`, LONGEST_KEY);
}

/**
 * Who has which address and port, decided once: one ConfigMap holds it all, and whoever writes it says which version he read. Two that ask
 * for the same port cannot both get it, however many workers or operators there are.
 */
export class ExposureLedger {
  readonly #client: KubeClient;
  readonly #known: Informer<Kube<ConfigMap>>;
  #latest: Kube<ConfigMap> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: KubeClient, known: Informer<Kube<ConfigMap>>) {
    this.#client = client;
    this.#known = known;
    known.onChange((now, before) => {
      if ((now ?? before)?.metadata.name !== EXPOSURE_LEDGER) return;
      // From here on the watch knows as much as we do, or more.
      if (!now || !isOlder(now, this.#latest)) this.#latest = undefined;
    });
  }

  /** Gives `instance` what `choose` says. `open` are all instances that are exposed: what others hold in the ledger is theirs no more. */
  reserve(instance: ObjectKey, open: Holdings, choose: Choose): Promise<Holding | undefined> {
    const entry = entryOf(instance);
    return this.#change((entries) => {
      for (const name of entries.keys()) if (!open.has(name) && name !== entry) entries.delete(name);
      // A ledger that somebody deleted is written anew from what is seen.
      for (const [name, holding] of open) if (!entries.has(name) && holding.ip !== '') entries.set(name, holding);
      const current = entries.get(entry);
      entries.delete(entry);
      const given = choose({ current, others: [...entries.values()] });
      if (given) entries.set(entry, given);
      return given;
    });
  }

  /** Takes back what `instance` has. */
  async release(instance: ObjectKey): Promise<void> {
    const entry = entryOf(instance);
    const seen = this.#latest ?? this.#known.get(EXPOSURE_LEDGER, SYSTEM_NAMESPACE);
    if (seen?.data?.[entry] === undefined) return;
    await this.#change((entries) => {
      entries.delete(entry);
      return undefined;
    });
  }

  #change(change: (entries: Map<string, Holding>) => Holding | undefined): Promise<Holding | undefined> {
    const turn = this.#turn.then(() => this.#write(change));
    // Whoever asked hears of a failure; the next one starts afresh.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #write(change: (entries: Map<string, Holding>) => Holding | undefined): Promise<Holding | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const ledger = this.#latest ?? (await this.#read(attempt));
      const before = ledger?.data ?? {};
      const entries = new Map(Object.entries(before).map(([name, text]) => [name, readHolding(text)]));
      const given = change(entries);
      const data = Object.fromEntries([...entries].map(([name, holding]) => [name, writeHolding(holding)]));
      if (JSON.stringify(data) === JSON.stringify(before)) return given;
      try {
        this.#latest = await this.#put(ledger, data);
        return given;
      } catch (error) {
        this.#latest = undefined;
        if (attempt >= TRIES || !hasCode(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      }
    }
  }

  #read(attempt: number): Promise<Kube<ConfigMap> | undefined> {
    if (attempt === 1 && this.#known.hasSynced) return Promise.resolve(this.#known.get(EXPOSURE_LEDGER, SYSTEM_NAMESPACE));
    return this.#client.find(configMaps, EXPOSURE_LEDGER, SYSTEM_NAMESPACE);
  }

  #put(ledger: Kube<ConfigMap> | undefined, data: Record<string, string>): Promise<Kube<ConfigMap>> {
    if (ledger) return this.#client.replace(configMaps, { ...ledger, data });
    const metadata = { namespace: SYSTEM_NAMESPACE, name: EXPOSURE_LEDGER, labels: { [LABEL.managedBy]: EXPOSURE_MANAGER } };
    return this.#client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }
}

/** Versions count upwards, which Kubernetes promises for objects of one kind. */
function isOlder(a: Kube<ConfigMap>, b: Kube<ConfigMap> | undefined): boolean {
  return b !== undefined && BigInt(a.metadata.resourceVersion ?? '0') < BigInt(b.metadata.resourceVersion ?? '0');
}

/** What an entry says; one that somebody wrote badly holds nothing. */
function readHolding(text: string): Holding {
  try {
    // The parse border: this object is written by us alone, and whatever else is in it may not stop us.
    const { ip, ports } = JSON.parse(text) as Partial<Holding>;
    return { ip: typeof ip === 'string' ? ip : '', ports: Array.isArray(ports) ? ports : [] };
  } catch {
    return { ip: '', ports: [] };
  }
}

function writeHolding({ ip, ports }: Holding): string {
  const list = ports.map(({ name, port, targetPort, protocol }) => ({ name, port, targetPort, protocol }));
  return JSON.stringify({ ip, ports: list });
}
