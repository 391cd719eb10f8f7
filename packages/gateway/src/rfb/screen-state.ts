import { ENCODING, FROM_SERVER } from './protocol.ts';
import type { Rect } from './server-parser.ts';

/** A rectangle as it is sent: header and content in one piece. */
export interface SentRect {
  readonly encoding: number;
  readonly bytes: Buffer;
}

const REMEMBERED: ReadonlySet<number> = new Set<number>([
  ENCODING.cursor,
  ENCODING.vmwareCursor,
  ENCODING.cursorWithAlpha,
  ENCODING.desktopName,
  ENCODING.extendedDesktopSize,
  ENCODING.ledState,
  ENCODING.qemuKeys,
]);

/** What a viewer who joins must be told besides pixels: sizes, cursor, name, lamps of the keyboard, abilities. */
export class ScreenState {
  width: number;
  height: number;
  name: Buffer;
  /** The desktop's offer of the extended clipboard. */
  clipboard: Buffer | undefined;
  readonly #last = new Map<number, SentRect>();

  constructor(size: { readonly width: number; readonly height: number; readonly name: Buffer }) {
    this.width = size.width;
    this.height = size.height;
    this.name = size.name;
  }

  note(rect: Rect, sent: SentRect): void {
    const resized = rect.encoding === ENCODING.desktopSize || rect.encoding === ENCODING.extendedDesktopSize;
    // The second coordinate of an answered request says whether it was granted.
    if (resized && !(rect.encoding === ENCODING.extendedDesktopSize && rect.x === 1 && rect.y !== 0)) {
      this.width = rect.width;
      this.height = rect.height;
    }
    if (!REMEMBERED.has(rect.encoding)) return;
    // Of several ways to draw a cursor the last one holds.
    if (CURSORS.has(rect.encoding)) for (const cursor of CURSORS) this.#last.delete(cursor);
    this.#last.set(rect.encoding, rect.encoding === ENCODING.extendedDesktopSize ? fromServer(sent) : sent);
    if (rect.encoding === ENCODING.desktopName) this.name = sent.bytes.subarray(16);
  }

  /** One update with all of it; empty when there is nothing to tell. */
  summary(): Buffer {
    return this.#last.size === 0 ? Buffer.alloc(0) : update([...this.#last.values()]);
  }
}

const CURSORS: ReadonlySet<number> = new Set<number>([ENCODING.cursor, ENCODING.vmwareCursor, ENCODING.cursorWithAlpha]);

/** An update message of these rectangles. */
export function update(rects: readonly SentRect[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(FROM_SERVER.update, 0);
  head.writeUInt16BE(rects.length, 2);
  return Buffer.concat([head, ...rects.map(({ bytes }) => bytes)]);
}

/** The header of a rectangle. */
export function rectHeader({ x, y, width, height, encoding }: Omit<Rect, 'start' | 'end'>): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(x, 0);
  head.writeUInt16BE(y, 2);
  head.writeUInt16BE(width, 4);
  head.writeUInt16BE(height, 6);
  head.writeInt32BE(encoding, 8);
  return head;
}

/** A size that was somebody's wish is a plain fact for whoever joins later. */
function fromServer({ encoding, bytes }: SentRect): SentRect {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(0, 0);
  copy.writeUInt16BE(0, 2);
  return { encoding, bytes: copy };
}
