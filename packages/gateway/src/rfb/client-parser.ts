import { LabError } from '@crownlabs/std';
import { FROM_CLIENT } from './protocol.ts';

/** One whole message of a viewer. */
export interface ClientMessage {
  readonly type: number;
  readonly bytes: Buffer;
}

// A clipboard may hold a long text; a picture belongs into a file.
const LARGEST_TEXT = 4 * 1024 * 1024;

/** Cuts what a viewer sends into messages. Throws BadRequest for what is none. */
export class ClientParser {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): ClientMessage[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const messages: ClientMessage[] = [];
    let at = 0;
    while (at < bytes.length) {
      const size = sizeOf(bytes, at);
      if (size === undefined || at + size > bytes.length) break;
      messages.push({ type: bytes.readUInt8(at), bytes: bytes.subarray(at, at + size) });
      at += size;
    }
    this.#held = bytes.subarray(at);
    return messages;
  }
}

const FIXED: Readonly<Record<number, number>> = {
  [FROM_CLIENT.setPixelFormat]: 20,
  [FROM_CLIENT.updateRequest]: 10,
  [FROM_CLIENT.key]: 8,
  [FROM_CLIENT.pointer]: 6,
  [FROM_CLIENT.continuousUpdates]: 10,
  [FROM_CLIENT.power]: 4,
};

/** The size of the message at `at`; `undefined` while its head is not all there. */
function sizeOf(bytes: Buffer, at: number): number | undefined {
  const type = bytes.readUInt8(at);
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed;
  const has = (size: number) => bytes.length - at >= size;
  switch (type) {
    case FROM_CLIENT.setEncodings:
      return has(4) ? 4 + bytes.readUInt16BE(at + 2) * 4 : undefined;
    case FROM_CLIENT.cutText:
      return has(8) ? 8 + checked(Math.abs(bytes.readInt32BE(at + 4))) : undefined;
    case FROM_CLIENT.fence:
      return has(9) ? 9 + bytes.readUInt8(at + 8) : undefined;
    case FROM_CLIENT.setDesktopSize:
      return has(8) ? 8 + bytes.readUInt8(at + 6) * 16 : undefined;
    case FROM_CLIENT.qemu:
      return has(2) ? qemuSize(bytes.readUInt8(at + 1)) : undefined;
    default:
      throw new LabError('BadRequest', `The viewer sent a message of unknown type ${type}.`);
  }
}

function qemuSize(kind: number): number {
  if (kind !== 0) throw new LabError('BadRequest', 'The viewer asked for sound, which is not offered here.');
  return 12;
}

function checked(size: number): number {
  if (size > LARGEST_TEXT) throw new LabError('RequestEntityTooLarge', 'The clipboard is too large.');
  return size;
}
