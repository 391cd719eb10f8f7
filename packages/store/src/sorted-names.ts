const MOST = 512;

/** Names in order, each once. In pieces: a new name moves the names behind it in a short array instead of in a long one. */
export class SortedNames {
  readonly #pieces: string[][] = [[]];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(name: string): void {
    const at = this.#pieceOf(name);
    const piece = this.#pieces[at] ?? [];
    piece.splice(
      count(piece, (one) => one < name),
      0,
      name,
    );
    this.#size += 1;
    if (piece.length > MOST) this.#pieces.splice(at + 1, 0, piece.splice(MOST / 2));
  }

  delete(name: string): void {
    const at = this.#pieceOf(name);
    const piece = this.#pieces[at] ?? [];
    const index = count(piece, (one) => one < name);
    if (piece[index] !== name) return;
    piece.splice(index, 1);
    this.#size -= 1;
    if (piece.length === 0 && this.#pieces.length > 1) this.#pieces.splice(at, 1);
  }

  /** How many come before `name`; with `beyond`, `name` itself counts too. */
  rank(name: string, beyond = false): number {
    const at = this.#pieceOf(name);
    let before = 0;
    for (const piece of this.#pieces.slice(0, at)) before += piece.length;
    return before + count(this.#pieces[at] ?? [], (one) => one < name || (beyond && one === name));
  }

  /** Those with ranks from `from` up to before `to`. */
  *between(from: number, to: number): Generator<string> {
    let before = 0;
    for (const piece of this.#pieces) {
      if (before >= to) return;
      const end = Math.min(piece.length, to - before);
      for (let index = Math.max(0, from - before); index < end; index += 1) yield piece[index] ?? '';
      before += piece.length;
    }
  }

  /** The piece in which a name is, or would be: the last one that does not begin behind it. */
  #pieceOf(name: string): number {
    return Math.max(0, count(this.#pieces, ([first = '']) => first <= name) - 1);
  }
}

/** How many items at the beginning fulfil `test`, which those behind them do not. */
function count<T>(items: readonly T[], test: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && test(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
