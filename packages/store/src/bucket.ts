import type { Entry, Page, Range } from './entry.ts';
import { SortedNames } from './sorted-names.ts';

/** The living keys of one bucket, in order of names. */
export class Bucket {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new SortedNames();
  /** Of the last change to this bucket: a watch from there on has nothing to replay. */
  lastRevision = 0;

  get size(): number {
    return this.#names.size;
  }

  get(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  set(entry: Entry): void {
    if (!this.#entries.has(entry.name)) this.#names.add(entry.name);
    this.#entries.set(entry.name, entry);
  }

  delete(name: string): void {
    if (this.#entries.delete(name)) this.#names.delete(name);
  }

  page(range: Range): Page {
    const { from, to } = this.#bounds(range);
    const end = Math.min(to, range.limit === undefined ? to : from + range.limit);
    const entries: Entry[] = [];
    for (const name of this.#names.between(from, end)) {
      const entry = this.#entries.get(name);
      if (entry) entries.push(entry);
    }
    return { entries, remaining: to - end };
  }

  #bounds({ prefix = '', after }: Range): { from: number; to: number } {
    const start = after !== undefined && after >= prefix ? this.#names.rank(after, true) : this.#names.rank(prefix);
    // U+FFFF sorts after every character that names are made of.
    const end = prefix === '' ? this.size : this.#names.rank(`${prefix}\uffff`);
    return { from: start, to: Math.max(start, end) };
  }
}
