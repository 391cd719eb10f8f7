import type { Json } from '../json.ts';

/** JSON as text; big integers keep all their digits. */
export function printJson(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Only a bigint is refused; asking first would cost every other object a second walk.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? rawNumber(part) : part));
  }
}

/** JSON as UTF-8. */
export function encodeJson(value: Json): Uint8Array {
  return Buffer.from(printJson(value), 'utf8');
}

/**
 * JSON as UTF-8, to be kept: in memory of its own. What `Buffer.from` makes is a part of a block that it shares with whatever was
 * encoded about then, and one object that stays keeps all of that.
 */
export function encodeJsonToKeep(value: Json): Uint8Array {
  const text = printJson(value);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

// Known to the engine, but not yet to the compiler's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function rawNumber(value: bigint): unknown {
  return rawJSON(value.toString());
}
