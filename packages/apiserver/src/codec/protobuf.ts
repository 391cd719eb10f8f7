import type { JsonObject } from '../json.ts';
import { decodeProtobufObject, encodeProtobufObject } from '../kinds/index.ts';
import { PROTOBUF } from './negotiate.ts';

/** Decodes a protobuf body of a built-in kind; an empty body is an empty object. */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  return bytes.length === 0 ? {} : decodeProtobufObject(bytes);
}

/** An object, list or Status of a built-in kind as an answer's body and its type. */
export function protobufBody(object: JsonObject): { readonly type: string; readonly bytes: Uint8Array } {
  return { type: PROTOBUF, bytes: encodeProtobufObject(object) };
}
