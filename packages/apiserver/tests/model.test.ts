import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../src/fakes/test-api.ts';

// Random histories of the API against a model that is too simple to be wrong: the list of all states its objects ever had.

const MAPS = '/api/v1/namespaces/default/configmaps';
const SELECTORS = ['', 'colour=red', 'colour!=red', 'colour in (red,blue),!old', 'old'] as const;
type Labels = Readonly<Record<string, string>>;

type Step =
  | { readonly kind: 'create' | 'update' | 'merge' | 'json' | 'stale'; readonly name: string; readonly labels: Labels }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'unchanged'; readonly name: string }
  | { readonly kind: 'sweep'; readonly selector: string }
  | { readonly kind: 'watch'; readonly back: number; readonly selector: string }
  | { readonly kind: 'compact'; readonly keep: number };

const name = fc.constantFrom('a', 'b', 'ba', 'c');
const labels: fc.Arbitrary<Labels> = fc
  .record({ colour: fc.constantFrom('red', 'blue', 'green'), old: fc.constantFrom('', 'yes') }, { requiredKeys: [] })
  .map((given) => Object.fromEntries(Object.entries(given)));
const selector = fc.constantFrom(...SELECTORS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('create', 'update', 'merge', 'json', 'stale'), name, labels }) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('delete' as const), name }),
      fc.record({ kind: fc.constant('unchanged' as const), name }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), selector }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('watch' as const), back: fc.nat(12), selector }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), keep: fc.nat(8) }) },
);

interface Past {
  readonly revision: number;
  readonly name: string;
  /** Absent: it was deleted. */
  readonly labels: Labels | undefined;
}

const MATCHES: Readonly<Record<(typeof SELECTORS)[number], (labels: Labels) => boolean>> = {
  '': () => true,
  'colour=red': ({ colour }) => colour === 'red',
  'colour!=red': ({ colour }) => colour !== 'red',
  'colour in (red,blue),!old': ({ colour, old }) => (colour === 'red' || colour === 'blue') && old === undefined,
  old: ({ old }) => old !== undefined,
};

interface Change {
  readonly method?: 'PUT';
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

interface Told {
  readonly type: string;
  readonly name: string;
  readonly revision: number;
}

class World {
  readonly past: Past[] = [];
  readonly #api: TestApi;
  readonly #watches: { from: number; selector: string; told: Told[] }[] = [];
  readonly #stop = new AbortController();
  #compacted = 0;
  #start = 0;

  constructor(api: TestApi) {
    this.#api = api;
  }

  async begin(): Promise<void> {
    this.#start = this.#api.server.store.revision;
    this.#compacted = this.#api.server.store.compacted;
  }

  #now(of: string): Past | undefined {
    const last = this.past.findLast((one) => one.name === of);
    return last?.labels ? last : undefined;
  }

  async run(one: Step): Promise<void> {
    if (one.kind === 'compact') return this.#compact(one.keep);
    if (one.kind === 'watch') return this.#watch(one.back, one.selector);
    if (one.kind === 'sweep') return this.#sweep(one.selector);
    if (one.kind === 'delete') return this.#delete(one.name);
    if (one.kind === 'unchanged') return this.#change(one.name, this.#now(one.name)?.labels, { body: {} });
    if (one.kind === 'create') return this.#create(one.name, one.labels);
    return this.#write(one.kind, one.name, one.labels);
  }

  async #create(of: string, given: Labels): Promise<void> {
    const { status, body } = await this.#api.send('POST', MAPS, { metadata: { name: of, labels: given } });
    expect(status).toBe(this.#now(of) ? 409 : 201);
    if (status === 201) this.past.push({ name: of, labels: given, revision: Number(body.metadata.resourceVersion) });
  }

  async #write(kind: 'update' | 'merge' | 'json' | 'stale', of: string, given: Labels): Promise<void> {
    const before = this.#now(of);
    if (kind === 'json') {
      const type = { 'content-type': 'application/json-patch+json' };
      return this.#change(of, given, { body: [{ op: 'add', path: '/metadata/labels', value: given }], headers: type });
    }
    if (kind === 'merge') {
      return this.#change(of, given, { body: { metadata: { labels: { colour: null, old: null, ...given } } } });
    }
    const resourceVersion = String((before?.revision ?? 1) - (kind === 'stale' ? 1 : 0));
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: of, labels: given, resourceVersion } };
    if (kind === 'update') return this.#change(of, given, { method: 'PUT', body });
    const { status } = await this.#api.send('PUT', `${MAPS}/${of}`, body);
    expect([404, 409]).toContain(status);
  }

  async #change(of: string, wanted: Labels | undefined, sent: Change): Promise<void> {
    const before = this.#now(of);
    const answer = await this.#api.send(sent.method ?? 'PATCH', `${MAPS}/${of}`, sent.body, sent.headers);
    expect(answer.status === 200).toBe(before !== undefined);
    if (!before) return;
    const revision = Number(answer.body.metadata.resourceVersion);
    expect(answer.body.metadata.labels ?? {}).toEqual(wanted);
    // What changes nothing is not written.
    if (canonical(before.labels) === canonical(wanted)) expect(revision).toBe(before.revision);
    else this.past.push({ name: of, labels: wanted, revision });
  }

  async #delete(of: string): Promise<void> {
    const { status } = await this.#api.send('DELETE', `${MAPS}/${of}`);
    expect(status).toBe(this.#now(of) ? 200 : 404);
    if (status === 200) this.past.push({ name: of, labels: undefined, revision: this.#api.server.store.revision });
  }

  async #sweep(chosen: string): Promise<void> {
    const going = this.state(Number.MAX_SAFE_INTEGER, chosen);
    const before = this.#api.server.store.revision;
    await this.#api.send('DELETE', `${MAPS}?labelSelector=${encodeURIComponent(chosen)}`);
    going.forEach(([of], index) => this.past.push({ name: of, labels: undefined, revision: before + 1 + index }));
  }

  async #compact(keep: number): Promise<void> {
    const { store } = this.#api.server;
    this.#compacted = Math.max(this.#compacted, store.revision - keep);
    await store.compact(store.revision - keep);
  }

  async #watch(back: number, chosen: string): Promise<void> {
    const from = Math.max(this.#start, this.#api.server.store.revision - back);
    const watch = { from, selector: chosen, told: [] as Told[] };
    const gone = from < this.#compacted;
    if (!gone) this.#watches.push(watch);
    const path = `${MAPS}?watch=1&resourceVersion=${from}&labelSelector=${encodeURIComponent(chosen)}`;
    const events = this.#api.watch(path, this.#stop.signal);
    if (gone) expect((await events.next()).value).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    else void this.#collect(events, watch.told);
    // It has begun before something else happens: what is compacted first is rightly refused.
    await turns();
  }

  async #collect(events: AsyncIterable<{ type: string; object: { metadata: { name: string } } }>, told: Told[]): Promise<void> {
    for await (const { type, object } of events) {
      const { name: of, resourceVersion } = object.metadata as { name: string; resourceVersion: string };
      told.push({ type, name: of, revision: Number(resourceVersion) });
    }
  }

  /** What was there, and is selected. */
  state(revision: number, chosen: string): [string, Labels][] {
    const state = new Map<string, Labels>();
    for (const one of this.past.filter((change) => change.revision <= revision)) {
      if (one.labels) state.set(one.name, one.labels);
      else state.delete(one.name);
    }
    return [...state].filter(([, given]) => matches(chosen, given)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What somebody who watches from there must have been told. */
  #expected(from: number, chosen: string): Told[] {
    const seen = new Map(this.state(from, chosen));
    return this.past
      .filter((one) => one.revision > from)
      .flatMap(({ name: of, labels: given, revision }) => {
        const was = seen.has(of);
        const is = given !== undefined && matches(chosen, given);
        if (is) seen.set(of, given);
        else seen.delete(of);
        if (!was && !is) return [];
        return [{ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', name: of, revision }];
      });
  }

  async compare(): Promise<void> {
    const { store } = this.#api.server;
    for (const chosen of SELECTORS) {
      for (let revision = Math.max(this.#start, this.#compacted); revision <= store.revision; revision += 1) {
        await this.#compareList(revision, chosen);
      }
    }
    await turns();
    this.#stop.abort();
    for (const { from, selector: chosen, told } of this.#watches) expect(told).toEqual(this.#expected(from, chosen));
  }

  async #compareList(revision: number, chosen: string): Promise<void> {
    const query = `resourceVersion=${revision}&resourceVersionMatch=Exact&labelSelector=${encodeURIComponent(chosen)}`;
    const { status, body } = await this.#api.send('GET', `${MAPS}?${query}`);
    expect(status).toBe(200);
    const items = body.items as { metadata: { name: string; labels?: Labels } }[];
    expect(items.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])).toEqual(this.state(revision, chosen));
  }
}

/** What is on its way arrives. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}

function matches(chosen: string, given: Labels): boolean {
  const found = SELECTORS.find((one) => one === chosen) ?? '';
  return MATCHES[found](given);
}

function canonical(given: Labels | undefined): string {
  return JSON.stringify(Object.entries(given ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('random histories: every answer, every list of the past and every watch from anywhere agree with a simple model', async () => {
  await using api = await startTestApi();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await api.send('DELETE', MAPS);
      const world = new World(api);
      await world.begin();
      for (const one of steps) await world.run(one);
      await world.compare();
      expect(api.server.store.revision).toBeGreaterThanOrEqual(world.past.at(-1)?.revision ?? 0);
    }),
    { numRuns: 60 },
  );
}, 60_000);

interface Operation {
  readonly begun: number;
  readonly ended: number;
  /** What was read, or what was expected and written. */
  readonly read?: number;
  readonly write?: readonly [from: number, to: number];
}

/**
 * A register of which every value is written once, from the value before: the values form a chain. It is linearizable exactly when
 * the chain has no fork, and no operation that began after another ended sees less than that one did.
 */
function demandLinearizable(history: readonly Operation[]): void {
  const writes = history.flatMap(({ write }) => (write ? [write] : []));
  expect(new Set(writes.map(([from]) => from)).size, 'two writers won over the same value').toBe(writes.length);
  const place = (one: Operation) => one.read ?? one.write?.[1] ?? 0;
  for (const one of history) {
    for (const other of history) {
      if (one.ended >= other.begun) continue;
      const least = place(one) + (other.write ? 1 : 0);
      expect(place(other), `${JSON.stringify(other)} after ${JSON.stringify(one)}`).toBeGreaterThanOrEqual(least);
    }
  }
}

test('registers are linearizable under concurrent clients over sockets', async () => {
  await using api = await startTestApi({ tokenFile: 't,admin,1,"system:masters"\n' });
  const { url } = await api.server.listen({ host: '127.0.0.1', port: 0 });
  const keys = ['x', 'y'];
  for (const key of keys) await api.send('POST', MAPS, { metadata: { name: key }, data: { n: '0' } });
  const histories = new Map<string, Operation[]>(keys.map((key) => [key, []]));
  const client = async (seed: number) => {
    for (let turn = 0; turn < 25; turn += 1) {
      const key = keys[(seed + turn) % keys.length] ?? 'x';
      histories.get(key)?.push(...(await increment(`${url}${MAPS}/${key}`, turn % 3 === 0)));
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, seed) => client(seed)));
  for (const history of histories.values()) {
    expect(history.some(({ write }) => write)).toBe(true);
    demandLinearizable(history);
  }
}, 60_000);

/** Reads a register and, unless told to leave it at that, writes one more, if nobody was faster. */
async function increment(url: string, readOnly: boolean): Promise<Operation[]> {
  const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
  const begun = performance.now();
  const object = (await (await fetch(url, { headers })).json()) as { data: { n: string } };
  const n = Number(object.data.n);
  const reading = { begun, ended: performance.now(), read: n };
  if (readOnly) return [reading];
  const again = performance.now();
  const written = await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ ...object, data: { n: String(n + 1) } }) });
  await written.text();
  return written.ok ? [reading, { begun: again, ended: performance.now(), write: [n, n + 1] }] : [reading];
}
