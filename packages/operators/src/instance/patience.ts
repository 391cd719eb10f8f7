import { keyText, type ObjectKey } from '@crownlabs/client';

/**
 * Whose report waits for a moment to spare. In a rush an instance that starts is often ready by then, and what was to be said on the way
 * needs no write of its own.
 */
export class Patience {
  readonly #waiting = new Set<string>();
  readonly #due = new Set<string>();

  /** Whether the report may wait; it may once. */
  mayWait(key: ObjectKey): boolean {
    const id = keyText(key);
    if (this.#due.has(id)) return false;
    this.#waiting.add(id);
    return true;
  }

  /** The wait is over. True where somebody waits indeed. */
  isOver(key: ObjectKey): boolean {
    const id = keyText(key);
    if (!this.#waiting.delete(id)) return false;
    this.#due.add(id);
    return true;
  }

  /** Everything was told. */
  told(key: ObjectKey): void {
    const id = keyText(key);
    this.#waiting.delete(id);
    this.#due.delete(id);
  }
}
