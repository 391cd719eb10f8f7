import type { Json, JsonObject } from '../json.ts';
import { takingKey } from '../odd-keys.ts';
import { tooLarge } from './body.ts';

/**
 * What a reader of `JSON.stringify(value)` would read, without the text between: nothing that is `undefined`, `toJSON` obeyed, integers
 * beyond 2^53 exact. Throws RequestEntityTooLarge when its names and texts alone are longer than `limit`.
 */
export function copyOfJson(value: unknown, limit: number): Json {
  return new Copier(limit).copy(value) ?? null;
}

class Copier {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  copy(value: unknown): Json | undefined {
    switch (typeof value) {
      case 'string':
        this.#spend(value.length);
        return value;
      case 'number':
        return numberAsRead(value);
      case 'boolean':
      case 'bigint':
        return value;
      case 'object':
        return value === null ? null : this.#composite(value);
      default:
        return undefined;
    }
  }

  #composite(value: object): Json | undefined {
    if (Array.isArray(value)) {
      this.#spend(value.length);
      return value.map((item) => this.copy(item) ?? null);
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.copy(value.toJSON());
    let copy: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
      const known = this.copy(item);
      if (known === undefined) continue;
      this.#spend(key.length);
      copy = takingKey(copy, key);
      copy[key] = known;
    }
    return copy;
  }

  #spend(length: number): void {
    this.#left -= length;
    if (this.#left < 0) throw tooLarge();
  }
}

/** JSON has no -0, NaN or infinity, and its integers are exact. */
function numberAsRead(value: number): number | bigint | null {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  if (!Number.isFinite(value)) return null;
  // As many digits as its text has, which are fewer than the number has.
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(String(value)) : value;
}
