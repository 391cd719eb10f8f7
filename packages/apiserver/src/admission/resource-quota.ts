import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import type { ObjectReader, StoredKind } from '../object-reader.ts';
import { compareQuantities, formatQuantity, type Quantity, subtractQuantities } from '../schema/index.ts';
import { forbidden } from '../status-error.ts';
import { type Amounts, plus, readAmounts, total } from './pod-amounts.ts';
import { inScope } from './quota-scopes.ts';
import { quotaUsage, unspecified } from './quota-usage.ts';

const QUOTAS = { group: '', plural: 'resourcequotas' };
const GROWING = new Set(['pods', 'services', 'persistentvolumeclaims']);
const ZERO: Quantity = { units: 0n, format: 'DecimalSI' };

/** What a write that is not in the store yet will add. */
interface Reservation {
  /** uid of an object being created: once the reader shows it, it counts there. */
  readonly uid: string;
  readonly object: JsonObject;
  readonly delta: Amounts;
}

/**
 * Holds every namespace to its quotas. What is used is counted from the committed objects and from the writes on their way, never
 * from a status that lags behind: of two creates at the same moment that fit only one, one is refused.
 */
export function resourceQuota(reader: ObjectReader): AdmissionPlugin {
  return new QuotaPlugin(reader);
}

class QuotaPlugin implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #reader: ObjectReader;
  readonly #reserved = new Map<string, Set<Reservation>>();
  readonly #usage = new WeakMap<JsonObject, Amounts>();

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles({ resource, operation, subresource, namespace }: AdmissionCall): boolean {
    if (!resource.namespaced || namespace === '' || subresource !== '' || resource.plural === 'events') return false;
    return operation === 'CREATE' || (operation === 'UPDATE' && resource.group === '' && GROWING.has(resource.plural));
  }

  validate(call: AdmissionCall): void {
    const { object, resource } = call;
    if (!object) return;
    const quotas = this.#reader.list(QUOTAS, call.namespace).filter((quota) => inScope(quota, resource.storage, object));
    if (quotas.length === 0) return;
    const { old } = call;
    const usage = quotaUsage(resource.storage, object);
    const delta = growth(usage, old && quotaUsage(resource.storage, old));
    for (const quota of quotas) {
      // Who comes under a quota only by this change, brings all that he uses.
      const came = old !== undefined && !inScope(quota, resource.storage, old);
      this.#check(call, object, quota, came ? growth(usage, undefined) : delta);
    }
    if (delta.size > 0 && !call.dryRun) this.#reserve(call, object, delta);
  }

  #check(call: AdmissionCall, object: JsonObject, quota: JsonObject, delta: Amounts): void {
    const hard = readAmounts(objectAt(quota, 'spec', 'hard'));
    const refuse = (why: string) => forbidden(call.resource, call.name, why);
    const name = textAt(quota, 'metadata', 'name');
    if (call.operation === 'CREATE' && call.resource.plural === 'pods' && call.resource.group === '') {
      const open = unspecified(object, [...hard.keys()].toSorted());
      const parts = open.map((one) => `${one.name} for: ${one.containers.join(',')}`);
      if (parts.length > 0) throw refuse(`failed quota: ${name}: must specify ${parts.join('; ')}`);
    }
    const asked = [...delta.keys()].filter((key) => hard.has(key)).toSorted();
    if (asked.length === 0) return;
    const used = this.#used(call, quota);
    const over = asked.filter((key) => {
      const after = plus(new Map([[key, used.get(key) ?? ZERO]]), new Map([[key, delta.get(key) ?? ZERO]])).get(key) ?? ZERO;
      return compareQuantities(after, hard.get(key) ?? ZERO) > 0;
    });
    if (over.length === 0) return;
    const list = (amounts: Amounts) => over.map((key) => `${key}=${formatQuantity(amounts.get(key) ?? ZERO)}`).join(',');
    throw refuse(`exceeded quota: ${name}, requested: ${list(delta)}, used: ${list(used)}, limited: ${list(hard)}`);
  }

  /** Committed objects of the kind, and writes on their way, that `quota` counts. */
  #used({ resource, namespace }: AdmissionCall, quota: JsonObject): Amounts {
    const kind = resource.storage;
    const objects = this.#reader.list(kind, namespace);
    const counted = objects.filter((object) => inScope(quota, kind, object)).map((object) => this.#usageOf(kind, object));
    const pending = [...(this.#reserved.get(placeOf(kind, namespace)) ?? [])].filter(({ object }) => inScope(quota, kind, object));
    const arrived = pending.length > 0 ? new Set(objects.map((object) => textAt(object, 'metadata', 'uid'))) : undefined;
    const reserved = pending.filter(({ uid }) => uid === '' || !arrived?.has(uid)).map(({ delta }) => delta);
    return total([...counted, ...reserved]);
  }

  /** Stored objects never change, so that each is read once. */
  #usageOf(kind: StoredKind, object: JsonObject): Amounts {
    const known = this.#usage.get(object);
    if (known) return known;
    const usage = quotaUsage(kind, object);
    this.#usage.set(object, usage);
    return usage;
  }

  #reserve(call: AdmissionCall, object: JsonObject, delta: Amounts): void {
    const place = placeOf(call.resource.storage, call.namespace);
    const here = this.#reserved.get(place) ?? new Set();
    this.#reserved.set(place, here);
    const reservation = { uid: call.old ? '' : textAt(object, 'metadata', 'uid'), object, delta };
    here.add(reservation);
    call.settled(() => {
      here.delete(reservation);
      if (here.size === 0) this.#reserved.delete(place);
    });
  }
}

function placeOf({ group, plural }: StoredKind, namespace: string): string {
  return `${namespace}/${plural}.${group}`;
}

/** What `now` uses more than `before`; what it uses less needs no leave. */
function growth(now: Amounts, before: Amounts | undefined): Amounts {
  const grown = new Map<string, Quantity>();
  for (const [key, amount] of now) {
    const more = subtractQuantities(amount, before?.get(key) ?? ZERO);
    if (more.units > 0n) grown.set(key, more);
  }
  return grown;
}
