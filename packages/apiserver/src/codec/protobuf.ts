import { LabError } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';

/** The media type of Kubernetes' protobuf envelope. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Decodes a protobuf body of a built-in kind. TODO(#3): driven by descriptors of all kinds. */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {};
  throw new LabError('BadRequest', 'protobuf request bodies are not supported yet; send JSON');
}
