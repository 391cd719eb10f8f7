import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, createInflate, type Inflate } from 'node:zlib';
import type { WebSocket } from 'ws';
import { BROWSER_FORMAT, setPixelFormat } from '../src/rfb/pixel-format.ts';
import { ENCODING, setEncodings, updateRequest } from '../src/rfb/protocol.ts';
import { bitRows, type Rect, ServerParser } from '../src/rfb/server-parser.ts';

/** A pipe of bytes, whatever carries them. */
export interface Wire {
  send(bytes: Buffer): void;
  onBytes(listener: (bytes: Buffer) => void): void;
  close(): void;
}

export function overSocket(socket: WebSocket): Wire {
  return {
    send: (bytes) => socket.send(bytes),
    onBytes: (listener) => socket.on('message', (data) => listener(data as Buffer)),
    close: () => socket.close(),
  };
}

export async function overTcp(host: string, port: number): Promise<Wire & { socket: Socket }> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  return {
    socket,
    send: (bytes) => socket.write(bytes),
    onBytes: (listener) => socket.on('data', listener),
    close: () => socket.destroy(),
  };
}

/** The encodings a browser's viewer asks for, without loss. */
export const BROWSER_ENCODINGS = [
  ENCODING.copyRect,
  ENCODING.tight,
  ENCODING.raw,
  ENCODING.lastRect,
  ENCODING.extendedDesktopSize,
  ENCODING.desktopName,
  ENCODING.continuousUpdates,
  ENCODING.fence,
  ENCODING.extendedClipboard,
  ENCODING.vmwareCursor,
  ENCODING.cursor,
];

/** A viewer that keeps a true picture, so that two of them can be compared byte by byte. */
export class RfbClient {
  width = 0;
  height = 0;
  name = '';
  pixels = Buffer.alloc(0);
  updates = 0;
  readonly cutTexts: string[] = [];
  readonly messages: number[] = [];
  readonly encodingsSeen = new Set<number>();
  readonly #wire: Wire;
  #held = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #parser: ServerParser | undefined;
  #whole = Buffer.alloc(0);
  readonly #streams: (Inflate | undefined)[] = [];
  #painting: Promise<void> = Promise.resolve();
  failure: unknown;

  constructor(wire: Wire) {
    this.#wire = wire;
    wire.onBytes((bytes) => this.#arrived(bytes));
  }

  async start(encodings: readonly number[] = BROWSER_ENCODINGS): Promise<this> {
    await this.#read(12);
    this.#wire.send(Buffer.from('RFB 003.008\n'));
    const types = await this.#read((await this.#read(1)).readUInt8(0));
    if (!types.includes(1)) throw new Error('wants a password');
    this.#wire.send(Buffer.from([1]));
    await this.#read(4);
    this.#wire.send(Buffer.from([0]));
    const init = await this.#read(24);
    this.#resize(init.readUInt16BE(0), init.readUInt16BE(2));
    this.name = (await this.#read(init.readUInt32BE(20))).toString();
    this.#parser = new ServerParser(BROWSER_FORMAT, {
      start: () => undefined,
      end: ({ type, size, rects }) => this.#message(type, size, rects),
    });
    this.#wire.send(Buffer.concat([setPixelFormat(BROWSER_FORMAT), setEncodings(encodings), updateRequest(this, false)]));
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    if (rest.length > 0) this.#arrived(rest);
    return this;
  }

  send(bytes: Buffer): void {
    this.#wire.send(bytes);
  }

  key(keysym: number, down: boolean): void {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt8(4, 0);
    bytes.writeUInt8(Number(down), 1);
    bytes.writeUInt32BE(keysym, 4);
    this.send(bytes);
  }

  type(text: string): void {
    for (const character of text) {
      const keysym = character === '\n' ? 0xff0d : (character.codePointAt(0) ?? 0);
      this.key(keysym, true);
      this.key(keysym, false);
    }
  }

  pointer(x: number, y: number, buttons = 0): void {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt8(5, 0);
    bytes.writeUInt8(buttons, 1);
    bytes.writeUInt16BE(x, 2);
    bytes.writeUInt16BE(y, 4);
    this.send(bytes);
  }

  cut(text: string): void {
    const head = Buffer.alloc(8);
    head.writeUInt8(6, 0);
    head.writeInt32BE(text.length, 4);
    this.send(Buffer.concat([head, Buffer.from(text, 'latin1')]));
  }

  setDesktopSize(width: number, height: number): void {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt8(251, 0);
    bytes.writeUInt16BE(width, 2);
    bytes.writeUInt16BE(height, 4);
    bytes.writeUInt8(1, 6);
    bytes.writeUInt16BE(width, 16);
    bytes.writeUInt16BE(height, 18);
    this.send(bytes);
  }

  close(): void {
    this.#wire.close();
  }

  /** Resolves when everything that arrived has been painted. */
  async painted(): Promise<void> {
    await this.#painting;
  }

  #arrived(bytes: Buffer): void {
    if (!this.#parser) {
      this.#held = Buffer.concat([this.#held, bytes]);
      this.#wake?.();
      return;
    }
    this.#whole = Buffer.concat([this.#whole, bytes]);
    this.#parser.push(bytes);
  }

  #message(type: number, size: number, rects: readonly Rect[]): boolean {
    const message = this.#whole.subarray(0, size);
    this.#whole = Buffer.from(this.#whole.subarray(size));
    this.messages.push(type);
    if (type === 3 && message.readInt32BE(4) >= 0) this.cutTexts.push(message.subarray(8).toString('latin1'));
    if (type !== 0) return true;
    this.#painting = this.#painting
      .then(async () => {
        for (const rect of rects) await this.#paint(rect, message.subarray(rect.start, rect.end));
        this.updates += 1;
        this.send(updateRequest(this, true));
      })
      .catch((error: unknown) => {
        this.failure ??= error;
      });
    return true;
  }

  async #paint(rect: Rect, content: Buffer): Promise<void> {
    this.encodingsSeen.add(rect.encoding);
    switch (rect.encoding) {
      case ENCODING.raw:
        return this.#put(rect, content, 4);
      case ENCODING.copyRect:
        return this.#copy(rect, content);
      case ENCODING.tight:
        return this.#tight(rect, content);
      case ENCODING.extendedDesktopSize:
        if (rect.x !== 1 || rect.y === 0) this.#resize(rect.width, rect.height);
        return;
      case ENCODING.desktopName:
        this.name = content.subarray(4).toString();
        return;
      default:
    }
  }

  async #tight(rect: Rect, content: Buffer): Promise<void> {
    const control = content.readUInt8(0);
    for (let index = 0; index < 4; index += 1) if (control & (1 << index)) this.#streams[index] = undefined;
    const kind = control >> 4;
    if (kind === 8) return this.#put(rect, Buffer.alloc(rect.width * rect.height * 3, content.subarray(1, 4)), 3);
    if (kind > 7) throw new Error(`unexpected Tight kind ${kind}`);
    const filter = kind & 4 ? content.readUInt8(1) : 0;
    let at = kind & 4 ? 2 : 1;
    let size = rect.width * rect.height * 3;
    let palette: Buffer | undefined;
    if (filter === 1) {
      const colours = content.readUInt8(at) + 1;
      palette = content.subarray(at + 1, at + 1 + colours * 3);
      at += 1 + colours * 3;
      size = colours === 2 ? bitRows(rect.width, rect.height) : rect.width * rect.height;
    } else if (filter !== 0) throw new Error(`unexpected filter ${filter}`);
    const bytes = size < 12 ? content.subarray(at) : await this.#inflate(kind & 3, content.subarray(at + lengthSize(content, at)), size);
    this.#put(rect, palette ? indexed(rect, bytes, palette) : bytes, 3);
  }

  #inflate(index: number, packed: Buffer, size: number): Promise<Buffer> {
    const stream = this.#streams[index] ?? createInflate({ flush: constants.Z_SYNC_FLUSH });
    this.#streams[index] = stream;
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const onData = (bytes: Buffer) => void parts.push(bytes);
      stream.on('data', onData).once('error', reject);
      stream.write(packed, () =>
        setTimeout(() => {
          stream.off('data', onData).off('error', reject);
          const whole = Buffer.concat(parts);
          if (whole.length === size) resolve(whole);
          else reject(new Error(`${whole.length} bytes instead of ${size}`));
        }, 0),
      );
    });
  }

  #put({ x, y, width, height }: Rect, bytes: Buffer, step: number): void {
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const from = (row * width + column) * step;
        const to = ((y + row) * this.width + x + column) * 3;
        this.pixels[to] = bytes[from] ?? 0;
        this.pixels[to + 1] = bytes[from + 1] ?? 0;
        this.pixels[to + 2] = bytes[from + 2] ?? 0;
      }
    }
  }

  #copy({ x, y, width, height }: Rect, content: Buffer): void {
    const [fromX, fromY] = [content.readUInt16BE(0), content.readUInt16BE(2)];
    const before = Buffer.from(this.pixels);
    for (let row = 0; row < height; row += 1) {
      const from = ((fromY + row) * this.width + fromX) * 3;
      before.copy(this.pixels, ((y + row) * this.width + x) * 3, from, from + width * 3);
    }
  }

  #resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    const before = this.pixels;
    const [rows, rowBytes] = [Math.min(height, this.height), Math.min(width, this.width) * 3];
    this.pixels = Buffer.alloc(width * height * 3);
    // What both sizes have stays, as in every viewer: servers do not paint it again.
    for (let row = 0; row < rows; row += 1)
      before.copy(this.pixels, row * width * 3, row * this.width * 3, row * this.width * 3 + rowBytes);
    this.width = width;
    this.height = height;
  }

  async #read(size: number): Promise<Buffer> {
    while (this.#held.length < size) await new Promise<void>((resolve) => (this.#wake = resolve));
    const bytes = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return bytes;
  }
}

function indexed({ width, height }: Rect, bytes: Buffer, palette: Buffer): Buffer {
  const out = Buffer.alloc(width * height * 3);
  const two = palette.length === 6;
  const rowBytes = Math.floor((width + 7) / 8);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const bit = ((bytes[row * rowBytes + (column >> 3)] ?? 0) >> (7 - (column & 7))) & 1;
      const index = two ? bit : (bytes[row * width + column] ?? 0);
      palette.copy(out, (row * width + column) * 3, index * 3, index * 3 + 3);
    }
  }
  return out;
}

const lengthSize = (bytes: Buffer, at: number) => (bytes.readUInt8(at) < 0x80 ? 1 : bytes.readUInt8(at + 1) < 0x80 ? 2 : 3);
