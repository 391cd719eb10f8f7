import type { WatchEvent } from './client.ts';
import { linesOf, parseJson } from './response-body.ts';
import type { ApiResponse } from './transport.ts';

/** A line of a watch: an event, or the Status that ends it. */
export type WatchLine<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: unknown };

const NEWLINE = 0x0a;
const MOST_LINES = 256;
const LONGEST_LINE = 32_768;

/**
 * Parses lines of watches. In one process a dozen watches may tell of the same change in the same bytes, so what was just parsed is
 * handed out again: frozen, because it is shared, and without `metadata.managedFields`, the larger half of many objects, which nobody
 * who watches needs.
 */
export class WatchLines {
  readonly #recent = new Map<string, WatchLine<unknown>>();
  /** Of pieces that are whole lines: watches of one process are given the very same piece, and need not look into it again. */
  readonly #pieces = new WeakMap<Uint8Array, readonly WatchLine<unknown>[]>();

  /** The events that a watch answers with. */
  async *events<T>(answer: Pick<ApiResponse, 'body' | 'documents'>): AsyncGenerator<WatchLine<T>> {
    const inPart: Uint8Array[] = [];
    for await (const piece of answer.body) {
      const known = answer.documents?.(piece);
      // The border: which type the objects of a watch have follows from what was watched.
      if (known) yield* known as readonly WatchLine<T>[];
      // A network cuts lines where it likes.
      else if (piece.at(-1) !== NEWLINE) inPart.push(piece);
      else if (inPart.length === 0) yield* this.#whole<T>(piece);
      else yield* this.#whole<T>(Buffer.concat([...inPart.splice(0), piece]));
    }
    if (inPart.length > 0) yield* this.#whole<T>(Buffer.concat(inPart));
  }

  #whole<T>(piece: Uint8Array): readonly WatchLine<T>[] {
    const known = this.#pieces.get(piece);
    if (known) return known as readonly WatchLine<T>[];
    const lines = linesOf(piece).flatMap((line) => this.#parse<T>(line) ?? []);
    this.#pieces.set(piece, lines);
    return lines;
  }

  #parse<T>(line: string): WatchLine<T> | undefined {
    const known = this.#recent.get(line);
    if (known) return known as WatchLine<T>;
    const event = parseJson(line);
    if (!isWatchLine<T>(event)) return undefined;
    const frozen = deepFreeze(event.type === 'ERROR' ? event : { type: event.type, object: withoutManagers(event.object) });
    this.#remember(line, frozen);
    return frozen;
  }

  #remember(line: string, event: WatchLine<unknown>): void {
    if (line.length > LONGEST_LINE) return;
    if (this.#recent.size >= MOST_LINES) {
      const oldest = this.#recent.keys().next();
      if (oldest.done !== true) this.#recent.delete(oldest.value);
    }
    this.#recent.set(line, event);
  }
}

/** The object without the record of who wrote which field. */
export function withoutManagers<T>(object: T): T {
  const metadata: unknown = typeof object === 'object' && object !== null && 'metadata' in object ? object.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('managedFields' in metadata)) return object;
  // Copied without: an object of which something was deleted takes several times the memory, and thousands of them stay.
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

/** Freezes a value with all its parts. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

function isWatchLine<T>(value: unknown): value is WatchLine<T> {
  return typeof value === 'object' && value !== null && 'type' in value && 'object' in value;
}
