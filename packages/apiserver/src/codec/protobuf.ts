import type { JsonObject } from '../json.ts';
import { decodeProtobufObject } from '../kinds/index.ts';

/** The media type of Kubernetes' protobuf envelope. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Decodes a protobuf body of a built-in kind; an empty body is an empty object. */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  return bytes.length === 0 ? {} : decodeProtobufObject(bytes);
}
