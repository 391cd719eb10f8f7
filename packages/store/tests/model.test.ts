import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../src/index.ts';

// Random histories against a model that is too simple to be wrong: the list of all states the keys ever had.

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly stale: boolean }
  | { readonly kind: 'drop'; readonly name: string }
  | { readonly kind: 'together'; readonly names: readonly string[] }
  | { readonly kind: 'compact'; readonly keep: number };

const name = fc.constantFrom('a', 'b', 'ba', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), name, stale: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('together' as const), names: fc.array(name, { minLength: 2, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), keep: fc.nat(6) }) },
);

/** What the model remembers of a change: the key's new text, or nothing when it ended. */
interface Past {
  readonly revision: number;
  readonly name: string;
  readonly text: string | undefined;
}

class World {
  readonly past: Past[] = [];
  readonly heard: Past[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.subscribe('b', (events) => {
      for (const { revision, deleted, entry } of events)
        this.heard.push({ revision, name: entry.name, text: deleted ? undefined : textOf(entry.bytes) });
    });
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'compact') return this.#store.compact(this.#store.revision - step.keep);
    if (step.kind === 'together') return this.#together(step.names);
    const expected = this.#store.get('b', step.name)?.revision ?? 0;
    if (step.kind === 'drop' && expected === 0) return;
    const wanted = step.kind === 'put' && step.stale && expected > 0 ? expected - 1 : expected;
    const written = this.#write(step.name, wanted, step.kind === 'drop');
    if (wanted !== expected) await expect(written).rejects.toThrow('has changed');
    else await written;
  }

  /** Several writers in one turn: each key is won once. */
  async #together(names: readonly string[]): Promise<void> {
    const before = new Map(names.map((one) => [one, this.#store.get('b', one)?.revision ?? 0]));
    const results = await Promise.allSettled(names.map((one) => this.#write(one, before.get(one) ?? 0, false)));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(new Set(names).size);
  }

  async #write(key: string, expected: number, deleted: boolean): Promise<void> {
    const encode = (revision: number) => ({ bytes: Buffer.from(`${key}@${revision}`) });
    const { revision } = await this.#store.write({ bucket: 'b', name: key, expected, deleted, encode });
    this.past.push({ revision, name: key, text: deleted ? undefined : `${key}@${revision}` });
    this.past.sort((a, b) => a.revision - b.revision);
  }

  at(revision: number): string[] {
    const state = new Map<string, string>();
    for (const change of this.past.filter((one) => one.revision <= revision)) {
      if (change.text === undefined) state.delete(change.name);
      else state.set(change.name, change.text);
    }
    return [...state].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

test('lists at every revision, watches from every revision and live events agree with a simple model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using store = await openStore();
      const world = new World(store);
      for (const one of steps) await world.run(one);
      expect(world.heard).toEqual(world.past);
      expect(store.list('b').entries.map(({ bytes }) => textOf(bytes))).toEqual(world.at(store.revision));
      for (let revision = store.compacted; revision <= store.revision; revision++) {
        expect(store.listAt('b', revision).entries.map(({ bytes }) => textOf(bytes))).toEqual(world.at(revision));
        const replayed = store.since('b', revision).map((event) => ({
          revision: event.revision,
          name: event.entry.name,
          text: event.deleted ? undefined : textOf(event.entry.bytes),
        }));
        expect(replayed).toEqual(world.past.filter((one) => one.revision > revision));
      }
      if (store.compacted > 0) expect(() => store.since('b', store.compacted - 1)).toThrow('too old resource version');
    }),
    { numRuns: 150 },
  );
});
