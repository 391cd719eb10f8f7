import type { ClientMessage } from './client-parser.ts';
import { ENCODING, FROM_CLIENT, isMeasurable, readEncodings, setEncodings } from './protocol.ts';

const OF_EVERYBODY = new Set<number>([
  FROM_CLIENT.setPixelFormat,
  FROM_CLIENT.setEncodings,
  FROM_CLIENT.updateRequest,
  FROM_CLIENT.continuousUpdates,
  FROM_CLIENT.fence,
]);

const OF_CONTROL = new Set<number>([
  FROM_CLIENT.key,
  FROM_CLIENT.pointer,
  FROM_CLIENT.cutText,
  FROM_CLIENT.setDesktopSize,
  FROM_CLIENT.qemu,
]);

/**
 * What of a viewer's message reaches the desktop; `undefined` when nothing does. Power keys of the protocol never pass:
 * starting and stopping is a right of its own, at another door.
 */
export function passed({ type, bytes }: ClientMessage, control: boolean): Buffer | undefined {
  if (type === FROM_CLIENT.setEncodings) return setEncodings(offered(readEncodings(bytes), control));
  return OF_EVERYBODY.has(type) || (control && OF_CONTROL.has(type)) ? bytes : undefined;
}

/** The encodings that are offered to the desktop. Who only looks on gets no clipboard: it holds passwords. */
function offered(encodings: readonly number[], control: boolean): number[] {
  return encodings.filter((encoding) => isMeasurable(encoding) && (control || encoding !== ENCODING.extendedClipboard));
}
