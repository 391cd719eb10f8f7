import { type Amount, amount, amountText, canonicalName, cutName, LABEL, type WorkspaceQuota } from '@crownlabs/api';
import { configMaps, type Informer, type Kube, type KubeClient } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import type { ConfigMap } from 'kubernetes-types/core/v1.js';
import { type Charge, type Shortage, shortageOf, totalCharge } from './charge.ts';

/** The value of the managed-by label of ledgers. */
export const LEDGER_MANAGER = 'quota';

/** Which ledger: a tenant's namespace and a workspace. */
export interface LedgerKey {
  readonly namespace: string;
  readonly workspace: string;
}

const TRIES = 8;

/** One change of a ledger, and who waits for it. Applied anew to what is there when somebody else was faster. */
interface Change {
  apply(entries: Map<string, Charge>): Shortage | undefined;
  readonly done: PromiseWithResolvers<Shortage | undefined>;
}

/** The ledger of a tenant in a workspace. */
export function ledgerName(workspace: string): string {
  return cutName(`crownlabs-quota-${canonicalName(workspace)}`);
}

/**
 * Who may use how much, decided once: one ConfigMap for each tenant and workspace holds what every instance has reserved, and whoever
 * writes it says which version he read. Two that start together cannot both take the last core.
 */
export class Ledgers {
  readonly #client: KubeClient;
  readonly #known: Informer<Kube<ConfigMap>> | undefined;
  readonly #latest = new Map<string, Kube<ConfigMap>>();
  /** By ledger that is being written: what came meanwhile. */
  readonly #waiting = new Map<string, Change[]>();

  /** `known` is what watches have told of; it may be behind. */
  constructor(client: KubeClient, known: Informer<Kube<ConfigMap>> | undefined) {
    this.#client = client;
    this.#known = known;
  }

  /** Sets what `instance` takes, if it fits beside the others that are `alive`; else says what is missing and changes nothing. */
  reserve(
    key: LedgerKey,
    claim: { instance: string; charge: Charge; quota: WorkspaceQuota; alive: ReadonlySet<string> },
  ): Promise<Shortage | undefined> {
    return this.#change(key, (entries) => {
      for (const name of entries.keys()) if (!claim.alive.has(name)) entries.delete(name);
      const others = [...entries].filter(([name]) => name !== claim.instance).map(([, charge]) => charge);
      const shortage = shortageOf(claim.quota, totalCharge(others), claim.charge);
      if (!shortage) entries.set(claim.instance, claim.charge);
      return shortage;
    });
  }

  /** Notes what `instance` takes without asking: what runs already runs, and giving back always fits. */
  async settle(key: LedgerKey, instance: string, charge: Charge): Promise<void> {
    await this.#change(key, (entries) => {
      if (isNothing(charge)) entries.delete(instance);
      // A running instance keeps what it reserved, whatever its template says by now.
      else if (charge.instances === 0 || !entries.has(instance)) entries.set(instance, charge);
      return undefined;
    });
  }

  /** One write after the other for each ledger, so that our own workers need not race each other; a write takes all changes that wait for it. */
  #change(key: LedgerKey, apply: Change['apply']): Promise<Shortage | undefined> {
    const id = `${key.namespace}/${key.workspace}`;
    const change: Change = { apply, done: Promise.withResolvers() };
    const waiting = this.#waiting.get(id);
    if (waiting) waiting.push(change);
    else {
      this.#waiting.set(id, [change]);
      void this.#drain(key, id);
    }
    return change.done.promise;
  }

  async #drain(key: LedgerKey, id: string): Promise<void> {
    for (let batch = this.#take(id); batch.length > 0; batch = this.#take(id)) {
      try {
        const shortages = await this.#write(key, id, batch);
        batch.forEach(({ done }, at) => done.resolve(shortages[at]));
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
  }

  /** What waits for the next write of a ledger. When nothing does, nobody writes it from now on. */
  #take(id: string): readonly Change[] {
    const batch = this.#waiting.get(id) ?? [];
    if (batch.length === 0) this.#waiting.delete(id);
    else this.#waiting.set(id, []);
    return batch;
  }

  async #write(key: LedgerKey, id: string, batch: readonly Change[]): Promise<readonly (Shortage | undefined)[]> {
    for (let attempt = 1; ; attempt += 1) {
      const ledger = this.#latest.get(id) ?? (await this.#read(key, attempt));
      const before = ledger?.data ?? {};
      const entries = new Map(Object.entries(before).map(([name, text]) => [name, readCharge(text)]));
      const shortages = batch.map(({ apply }) => apply(entries));
      const data = Object.fromEntries([...entries].map(([name, charge]) => [name, writeCharge(charge)]));
      if (JSON.stringify(data) === JSON.stringify(before)) return shortages;
      try {
        this.#latest.set(id, await this.#put(key, ledger, data));
        return shortages;
      } catch (error) {
        this.#latest.delete(id);
        if (attempt >= TRIES || !hasCode(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      }
    }
  }

  /** A write on top of what is out of date fails, and then the API is asked itself. */
  async #read({ namespace, workspace }: LedgerKey, attempt: number): Promise<Kube<ConfigMap> | undefined> {
    const name = ledgerName(workspace);
    if (attempt === 1 && this.#known?.hasSynced === true) return this.#known.get(name, namespace);
    return this.#client.find(configMaps, name, namespace);
  }

  #put({ namespace, workspace }: LedgerKey, ledger: Kube<ConfigMap> | undefined, data: Record<string, string>): Promise<Kube<ConfigMap>> {
    if (ledger) return this.#client.replace(configMaps, { ...ledger, data });
    const labels = { [LABEL.managedBy]: LEDGER_MANAGER, [LABEL.workspace]: workspace };
    return this.#client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: ledgerName(workspace), labels },
      data,
    });
  }
}

function isNothing({ cpu, memory, disk, instances, other }: Charge): boolean {
  const amounts = [cpu, memory, disk, ...Object.values(other)];
  return instances === 0 && amounts.every(({ nano }) => nano === 0n);
}

// Instances of one template cost the same, and a ledger is read and written as a whole for each of them.
const charges = new Map<string, Charge>();
const texts = new WeakMap<Charge, string>();
const MOST_CHARGES = 500;

/** What an entry of a ledger says. */
export function readCharge(text: string): Charge {
  const known = charges.get(text);
  if (known) return known;
  const charge = parseCharge(text);
  if (charges.size >= MOST_CHARGES) charges.clear();
  charges.set(text, charge);
  texts.set(charge, text);
  return charge;
}

function parseCharge(text: string): Charge {
  const { cpu = '0', memory = '0', disk = '0', instances = 0, other = {} } = JSON.parse(text) as Partial<Entry>;
  const others = Object.entries(other).map(([name, value]): [string, Amount] => [name, amount(value)]);
  return { cpu: amount(cpu), memory: amount(memory), disk: amount(disk), instances, other: Object.fromEntries(others) };
}

interface Entry {
  readonly cpu: string;
  readonly memory: string;
  readonly disk: string;
  readonly instances: number;
  readonly other: Record<string, string>;
}

function writeCharge(charge: Charge): string {
  return texts.get(charge) ?? printCharge(charge);
}

function printCharge({ cpu, memory, disk, instances, other }: Charge): string {
  const others = Object.fromEntries(Object.entries(other).map(([name, value]) => [name, amountText(value)]));
  const entry: Entry = { cpu: amountText(cpu), memory: amountText(memory), disk: amountText(disk), instances, other: others };
  return JSON.stringify(entry);
}
