import type { Entry, Page, Range } from './entry.ts';

/** The living keys of one bucket, in order of names. */
export class Bucket {
  readonly #entries = new Map<string, Entry>();
  // Sorted. Kept as an array because lists walk it far more often than a new name moves its tail.
  #names: string[] = [];
  /** Of the last change to this bucket: a watch from there on has nothing to replay. */
  lastRevision = 0;

  get size(): number {
    return this.#names.length;
  }

  get(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  set(entry: Entry): void {
    if (!this.#entries.has(entry.name)) this.#insert(entry.name);
    this.#entries.set(entry.name, entry);
  }

  delete(name: string): void {
    if (!this.#entries.delete(name)) return;
    this.#names.splice(this.#position(name), 1);
  }

  page(range: Range): Page {
    const { from, to } = this.#bounds(range);
    const end = Math.min(to, range.limit === undefined ? to : from + range.limit);
    const entries: Entry[] = [];
    for (let index = from; index < end; index += 1) {
      const entry = this.#entries.get(this.#names[index] ?? '');
      if (entry) entries.push(entry);
    }
    return { entries, remaining: to - end };
  }

  #bounds({ prefix = '', after }: Range): { from: number; to: number } {
    const start = after !== undefined && after >= prefix ? this.#position(after, true) : this.#position(prefix);
    // U+FFFF sorts after every character that names are made of.
    const end = prefix === '' ? this.#names.length : this.#position(`${prefix}\uffff`);
    return { from: start, to: Math.max(start, end) };
  }

  #insert(name: string): void {
    const last = this.#names.at(-1);
    if (last === undefined || last < name) this.#names.push(name);
    else this.#names.splice(this.#position(name), 0, name);
  }

  /** Index of the first name that is not before `name`; with `beyond`, of the first after it. */
  #position(name: string, beyond = false): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const here = this.#names[middle] ?? '';
      if (here < name || (beyond && here === name)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
