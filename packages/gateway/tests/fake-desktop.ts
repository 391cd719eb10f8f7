import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { deflateSync } from 'node:zlib';
import { ByteReader } from '../src/rfb/byte-reader.ts';
import { type ClientMessage, ClientParser } from '../src/rfb/client-parser.ts';
import { BROWSER_FORMAT, setPixelFormat } from '../src/rfb/pixel-format.ts';
import { ENCODING } from '../src/rfb/protocol.ts';
import { rectHeader } from '../src/rfb/screen-state.ts';

/** One viewer as the fake desktop sees it. */
export interface Guest {
  readonly socket: Socket;
  readonly messages: ClientMessage[];
  /** Whether it asked to be the only one. */
  readonly exclusive: boolean;
}

/** An RFB server of 64 × 48 pixels that records what it is told, and sends what a test says. */
export class FakeDesktop implements AsyncDisposable {
  readonly guests: Guest[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => void this.#serve(socket).catch(() => socket.destroy()));
  }

  async listen(host: string): Promise<this> {
    this.#server.listen(5900, host);
    await once(this.#server, 'listening');
    return this;
  }

  /** All messages of one type, of all guests. */
  told(type: number): Buffer[] {
    return this.guests.flatMap(({ messages }) => messages.filter((message) => message.type === type).map(({ bytes }) => bytes));
  }

  send(bytes: Buffer): void {
    for (const { socket } of this.guests) if (!socket.destroyed) socket.write(bytes);
  }

  async #serve(socket: Socket): Promise<void> {
    socket.setNoDelay(true);
    const reader = new ByteReader();
    const onData = (bytes: Buffer) => reader.push(bytes);
    socket.on('data', onData).on('error', () => undefined);
    socket.write('RFB 003.008\n');
    await reader.read(12);
    socket.write(Buffer.from([2, 2, 1]));
    await reader.read(1);
    socket.write(Buffer.alloc(4));
    const exclusive = (await reader.read(1)).readUInt8(0) === 0;
    const head = Buffer.alloc(24);
    head.writeUInt16BE(64, 0);
    head.writeUInt16BE(48, 2);
    setPixelFormat(BROWSER_FORMAT).copy(head, 4, 4);
    head.writeUInt32BE(4, 20);
    const guest: Guest = { socket, messages: [], exclusive };
    const parser = new ClientParser();
    socket.off('data', onData).on('data', (bytes: Buffer) => void guest.messages.push(...parser.push(bytes)));
    this.guests.push(guest);
    socket.write(Buffer.concat([head, Buffer.from('fake')]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.guests) socket.destroy();
    this.#server.close();
  }
}

/** An update of one rectangle. */
export function updateOf(encoding: number, content: Buffer, size = { x: 0, y: 0, width: 64, height: 48 }): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 1]), rectHeader({ ...size, encoding }), content]);
}

/** A screen of one colour, unpacked. */
export function rawScreen(colour: number): Buffer {
  return updateOf(ENCODING.raw, Buffer.alloc(64 * 48 * 4, colour));
}

/** A Tight rectangle that begins its stream. */
export function tightScreen(pixels: Buffer): Buffer {
  const packed = deflateSync(pixels);
  const length = Buffer.from([(packed.length & 0x7f) | 0x80, packed.length >> 7]);
  return updateOf(ENCODING.tight, Buffer.concat([Buffer.from([0x01]), length, packed]));
}

/** A cut text. */
export function cutText(text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(3, 0);
  head.writeInt32BE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}
