import type { JsonObject } from './json.ts';

/**
 * Committed objects, read from memory in their storage version, for admission, authorization and the rooms inside the API.
 * Objects are shared: never change one. Built-in and custom resources alike.
 */
export interface ObjectReader {
  get(kind: StoredKind, name: string, namespace?: string): JsonObject | undefined;
  /** Of one namespace, or of all. In order of namespace and name. */
  list(kind: StoredKind, namespace?: string): readonly JsonObject[];
  /** Calls `listener` for each committed change from now on, in order, right after the commit. Returns the way to stop. */
  onChange(kind: StoredKind, listener: ObjectListener): () => void;
}

/** Group and plural under which objects are stored. */
export interface StoredKind {
  readonly group: string;
  readonly plural: string;
}

/** `now` is absent for a deletion, `before` for a creation. */
export type ObjectListener = (now: JsonObject | undefined, before: JsonObject | undefined) => void;

/** Writes from inside the API (bootstrap roles, tokens), through the whole pipeline as system:apiserver. */
export interface ObjectWriter {
  /** Sends one request; the decoded body of the answer. Throws a LabError with the code of the Status on failure. */
  send(request: {
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    path: string;
    body?: JsonObject;
    contentType?: string;
  }): Promise<JsonObject>;
}
