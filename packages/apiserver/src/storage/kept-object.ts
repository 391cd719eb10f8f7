import { parseStored } from '../codec/json-parse.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { plainCopy } from './plain-copy.ts';

// Decoded, an object takes three times the memory of its bytes, and most are written once and read as bytes from then on. In a rush of 500
// environments 20 MB lie here that nobody asks for again where it is twice as long, and it is no shorter.
const LOOK_MS = 750;

/** Those that are decoded at the moment. */
const decoded = new Set<KeptObject>();
let looking: NodeJS.Timeout | undefined;

/** An object that lies in the store: always as bytes, and decoded for as long as somebody looks inside now and then. */
export class KeptObject {
  readonly info: ResourceInfo;
  readonly bytes: Uint8Array;
  #object: JsonObject | undefined;
  #plain: JsonObject | undefined;
  #asked = true;

  constructor(info: ResourceInfo, bytes: Uint8Array, object?: JsonObject) {
    this.info = info;
    this.bytes = bytes;
    if (object) this.#keep(object);
  }

  get object(): JsonObject {
    this.#asked = true;
    return this.#object ?? this.#keep(decode(this.bytes));
  }

  /** The object for rooms of this process: see plainCopy. */
  get plain(): JsonObject {
    this.#plain ??= plainCopy(this.object);
    return this.#plain;
  }

  #keep(object: JsonObject): JsonObject {
    this.#object = object;
    decoded.add(this);
    looking ??= setInterval(look, LOOK_MS).unref();
    return object;
  }

  /** Forgets the decoded form, unless somebody asked since the last time. Whether it is forgotten. */
  rest(): boolean {
    if (!this.#asked) {
      this.#object = undefined;
      this.#plain = undefined;
    }
    this.#asked = false;
    return this.#object === undefined;
  }
}

function look(): void {
  for (const one of decoded) if (one.rest()) decoded.delete(one);
  if (decoded.size > 0) return;
  clearInterval(looking);
  looking = undefined;
}

function decode(bytes: Uint8Array): JsonObject {
  const parsed = parseStored(bytes);
  return isObject(parsed) ? parsed : {};
}
