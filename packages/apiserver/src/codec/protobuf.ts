import { LabError } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';

/** The media type of Kubernetes' protobuf envelope. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Decodes a protobuf body of a built-in kind. TODO(#3): driven by descriptors of all kinds. */
export function decodeProtobuf(_: Uint8Array): JsonObject {
  throw new LabError('BadRequest', 'protobuf request bodies are not supported yet; send JSON');
}
