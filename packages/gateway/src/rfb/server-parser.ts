import { LabError } from '@crownlabs/std';
import { type PixelFormat, pixelBytes, tightPixelBytes } from './pixel-format.ts';
import { ENCODING, FROM_SERVER } from './protocol.ts';

/** A rectangle of an update: its header, and where in the message its content lies. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly encoding: number;
  readonly start: number;
  end: number;
}

/** What is told while bytes go by. Offsets count within the piece that was pushed. */
export interface ServerEvents {
  /** A message begins with the byte at `offset`. */
  start(type: number, offset: number): void;
  /** A message ended before `offset`. Return false to stop: nothing behind is looked at. */
  end(message: { readonly type: number; readonly size: number; readonly rects: readonly Rect[] }, offset: number): boolean;
}

/** Bytes wanted in hand, or a number of bytes that only pass by. */
type Need = { readonly take: number } | { readonly pass: number };
type Grammar<T = void> = Generator<Need, T, Buffer>;

const LARGEST_TEXT = 64 * 1024 * 1024;

/**
 * Follows what a server sends and knows where each message and each rectangle begins and ends, without keeping or
 * decoding pixels. That is what lets a passed-through stream be filtered, and be left at a clean edge.
 */
export class ServerParser {
  format: PixelFormat;
  readonly #events: ServerEvents;
  readonly #grammar: Grammar;
  #need: Need;
  #held: Buffer[] = [];
  #heldSize = 0;
  #passed = 0;
  #offset = 0;
  #position = 0;
  #stopped = false;

  constructor(format: PixelFormat, events: ServerEvents) {
    this.format = format;
    this.#events = events;
    this.#grammar = this.#messages();
    this.#need = firstOf(this.#grammar);
  }

  /** Follows `chunk`. Throws BadRequest when the server speaks something else. */
  push(chunk: Buffer): void {
    this.#offset = 0;
    while (!this.#stopped && (this.#offset < chunk.length || sizeOf(this.#need) === 0)) this.#feed(chunk);
  }

  #feed(chunk: Buffer): void {
    const wanted = sizeOf(this.#need);
    const at = this.#offset;
    const got = Math.min(wanted - this.#heldSize - this.#passed, chunk.length - at);
    this.#offset += got;
    this.#position += got;
    if ('pass' in this.#need) {
      this.#passed += got;
      if (this.#passed === wanted) this.#advance(EMPTY);
      return;
    }
    if (this.#heldSize === 0 && got === wanted) return this.#advance(chunk.subarray(at, at + got));
    this.#held.push(chunk.subarray(at, at + got));
    this.#heldSize += got;
    if (this.#heldSize === wanted) this.#advance(Buffer.concat(this.#held));
  }

  #advance(bytes: Buffer): void {
    this.#held = [];
    this.#heldSize = 0;
    this.#passed = 0;
    const { value, done } = this.#grammar.next(bytes);
    if (done || !value) this.#stopped = true;
    else this.#need = value;
  }

  *#messages(): Grammar {
    for (;;) {
      const type = (yield { take: 1 }).readUInt8(0);
      this.#position = 1;
      this.#events.start(type, this.#offset - 1);
      const rects = yield* this.#message(type);
      if (!this.#events.end({ type, size: this.#position, rects }, this.#offset)) return;
    }
  }

  *#message(type: number): Grammar<readonly Rect[]> {
    switch (type) {
      case FROM_SERVER.update:
        return yield* this.#update();
      case FROM_SERVER.colourMap:
        yield { pass: (yield { take: 5 }).readUInt16BE(3) * 6 };
        return [];
      case FROM_SERVER.bell:
      case FROM_SERVER.endOfContinuousUpdates:
        return [];
      case FROM_SERVER.cutText:
        // A negative length marks the extended clipboard.
        yield { pass: checked(Math.abs((yield { take: 7 }).readInt32BE(3))) };
        return [];
      case FROM_SERVER.fence:
        yield { pass: (yield { take: 8 }).readUInt8(7) };
        return [];
      default:
        throw new LabError('BadRequest', `The desktop sent a message of unknown type ${type}.`);
    }
  }

  *#update(): Grammar<readonly Rect[]> {
    const count = (yield { take: 3 }).readUInt16BE(1);
    const rects: Rect[] = [];
    for (let index = 0; index < count; index += 1) {
      const header = yield { take: 12 };
      const encoding = header.readInt32BE(8);
      // After this mark the rest of the count is void; servers use it to begin before they know the end.
      if (encoding === ENCODING.lastRect) break;
      const rect: Rect = {
        x: header.readUInt16BE(0),
        y: header.readUInt16BE(2),
        width: header.readUInt16BE(4),
        height: header.readUInt16BE(6),
        encoding,
        start: this.#position,
        end: 0,
      };
      yield* this.#content(rect);
      rect.end = this.#position;
      rects.push(rect);
    }
    return rects;
  }

  *#content(rect: Rect): Grammar {
    const fixed = this.#fixedSize(rect);
    if (fixed !== undefined) yield { pass: fixed };
    else if (rect.encoding === ENCODING.tight || rect.encoding === ENCODING.tightPng) yield* this.#tight(rect);
    else if (rect.encoding === ENCODING.hextile) yield* this.#hextile(rect);
    else if (rect.encoding === ENCODING.cursorWithAlpha) yield* this.#content({ ...rect, encoding: (yield { take: 4 }).readInt32BE(0) });
    else yield { pass: yield* this.#announcedSize(rect) };
  }

  /** Contents that begin with their own size. */
  *#announcedSize({ width, height, encoding }: Rect): Grammar<number> {
    const pixel = pixelBytes(this.format);
    switch (encoding) {
      case ENCODING.rre:
        return pixel + (yield { take: 4 }).readUInt32BE(0) * (pixel + 8);
      case ENCODING.zlib:
      case ENCODING.zrle:
      case ENCODING.desktopName:
        return checked((yield { take: 4 }).readUInt32BE(0));
      case ENCODING.h264:
        return checked((yield { take: 4 }).readUInt32BE(0)) + 4;
      case ENCODING.extendedDesktopSize:
        return 3 + (yield { take: 1 }).readUInt8(0) * 16;
      case ENCODING.vmwareCursor:
        return (yield { take: 2 }).readUInt8(0) === 1 ? width * height * 4 : width * height * pixel * 2;
      default:
        throw new LabError('BadRequest', `The desktop used an encoding that nobody asked for: ${encoding}.`);
    }
  }

  #fixedSize({ width, height, encoding }: Rect): number | undefined {
    switch (encoding) {
      case ENCODING.raw:
        return width * height * pixelBytes(this.format);
      case ENCODING.copyRect:
        return 4;
      case ENCODING.desktopSize:
      case ENCODING.pointerPosition:
      case ENCODING.qemuPointerMotion:
      case ENCODING.qemuKeys:
        return 0;
      case ENCODING.ledState:
        return 1;
      case ENCODING.cursor:
        return width * height * pixelBytes(this.format) + bitRows(width, height);
      case ENCODING.xCursor:
        return width * height === 0 ? 0 : 6 + 2 * bitRows(width, height);
      default:
        return undefined;
    }
  }

  *#hextile({ width, height }: Rect): Grammar {
    const pixel = pixelBytes(this.format);
    for (let y = 0; y < height; y += 16) {
      for (let x = 0; x < width; x += 16) {
        const flags = (yield { take: 1 }).readUInt8(0);
        yield* hextileTile(flags, Math.min(16, width - x) * Math.min(16, height - y), pixel);
      }
    }
  }

  *#tight(rect: Rect): Grammar {
    const control = (yield { take: 1 }).readUInt8(0) >> 4;
    if (control === TIGHT.fill) yield { pass: tightPixelBytes(this.format) };
    else if (control === TIGHT.jpeg || control === TIGHT.png) yield { pass: yield* compactLength() };
    else if (control <= TIGHT.lastBasic) yield* this.#tightBasic(rect, (control & TIGHT.filterFollows) !== 0);
    else throw new LabError('BadRequest', 'The desktop sent a Tight rectangle of unknown kind.');
  }

  *#tightBasic({ width, height }: Rect, filterFollows: boolean): Grammar {
    const pixel = tightPixelBytes(this.format);
    const filter = filterFollows ? (yield { take: 1 }).readUInt8(0) : TIGHT.copyFilter;
    let size = width * height * pixel;
    if (filter === TIGHT.paletteFilter) {
      const colours = (yield { take: 1 }).readUInt8(0) + 1;
      yield { pass: colours * pixel };
      size = colours === 2 ? bitRows(width, height) : width * height;
    }
    yield { pass: size < TIGHT.smallestCompressed ? size : yield* compactLength() };
  }
}

/** Numbers of the Tight encoding. */
export const TIGHT = {
  lastBasic: 7,
  fill: 8,
  jpeg: 9,
  png: 10,
  filterFollows: 4,
  copyFilter: 0,
  paletteFilter: 1,
  smallestCompressed: 12,
} as const;

/** Bytes of a mask: one bit a pixel, every row begins a byte. */
export function bitRows(width: number, height: number): number {
  return Math.floor((width + 7) / 8) * height;
}

const EMPTY = Buffer.alloc(0);
const HEXTILE = { raw: 1, background: 2, foreground: 4, subrects: 8, coloured: 16 };

function* hextileTile(flags: number, pixels: number, pixel: number): Grammar {
  if (flags & HEXTILE.raw) {
    yield { pass: pixels * pixel };
  } else {
    yield { pass: (flags & HEXTILE.background ? pixel : 0) + (flags & HEXTILE.foreground ? pixel : 0) };
    const count = flags & HEXTILE.subrects ? (yield { take: 1 }).readUInt8(0) : 0;
    yield { pass: count * (flags & HEXTILE.coloured ? pixel + 2 : 2) };
  }
}

/** One to three bytes, seven bits each, the last one eight. */
function* compactLength(): Grammar<number> {
  const first = (yield { take: 1 }).readUInt8(0);
  if (first < 0x80) return first;
  const second = (yield { take: 1 }).readUInt8(0);
  const low = (first & 0x7f) | ((second & 0x7f) << 7);
  return second < 0x80 ? low : low | ((yield { take: 1 }).readUInt8(0) << 14);
}

function checked(size: number): number {
  if (size > LARGEST_TEXT) throw new LabError('BadRequest', 'The desktop announced more than it may send at once.');
  return size;
}

function sizeOf(need: Need): number {
  return 'take' in need ? need.take : need.pass;
}

function firstOf(grammar: Grammar): Need {
  const { value, done } = grammar.next(EMPTY);
  if (done || !value) throw new TypeError('the grammar begins with a need');
  return value;
}
