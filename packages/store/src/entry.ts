/** The state of one key as some revision left it. Bytes never change; `decoded` is a place for the reader's own form of them. */
export interface Entry {
  /** What belongs together: lists and watches are of one bucket. */
  readonly bucket: string;
  /** The key within its bucket. Lists are in order of names. */
  readonly name: string;
  readonly revision: number;
  readonly bytes: Uint8Array;
  decoded: unknown;
}

/** One committed change. */
export interface LogEvent {
  readonly revision: number;
  readonly deleted: boolean;
  /** The new state; of a deletion, the last state as it was written with the deletion. */
  readonly entry: Entry;
  /** The state that was replaced; absent for a creation. */
  readonly previous: Entry | undefined;
}

/** Part of a bucket, in order of names. */
export interface Range {
  /** Names begin with this. */
  readonly prefix?: string;
  /** Names come after this one. */
  readonly after?: string;
  readonly limit?: number;
}

/** What a page of a list holds. */
export interface Page {
  readonly entries: readonly Entry[];
  /** Entries of the range that did not fit. */
  readonly remaining: number;
}

/** A write that says what it expects to replace. */
export interface Change {
  readonly bucket: string;
  readonly name: string;
  /** Revision of the state to replace; 0 when the key must not exist. */
  readonly expected: number;
  /** Whether the key ends here; `encode` then gives its last state. */
  readonly deleted?: boolean;
  /** The new state, which may hold the revision it gets. Called at once, and once. */
  encode(revision: number): { readonly bytes: Uint8Array; readonly decoded?: unknown };
}
