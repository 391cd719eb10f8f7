import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import type { RawData, WebSocket } from 'ws';
import { closeFirmly } from '../http/close-firmly.ts';
import { ByteReader } from './byte-reader.ts';
import { type ClientMessage, ClientParser } from './client-parser.ts';
import { setPixelFormat } from './pixel-format.ts';
import { FROM_CLIENT } from './protocol.ts';
import type { ServerInit } from './upstream.ts';

/** Why a viewer's connection ended, as a WebSocket close code; 4xxx are ours. */
export const CLOSE = {
  normal: 1000,
  protocol: 1002,
  tooSlow: 4408,
  signedOut: 4401,
  revoked: 4403,
  gone: 4410,
  unreachable: 4503,
} as const;

// More than this on the way to one viewer makes a picture old, not smooth.
const HIGH_WATER = 1024 * 1024;

/** A person in front of a desktop: the far end of one WebSocket. */
export class Viewer {
  /** Whether key, pointer and clipboard may pass. */
  readonly control: boolean;
  /** When it came, in milliseconds of this process's life. */
  readonly since = performance.now();
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #reader = new ByteReader();
  readonly #parser = new ClientParser();
  #onInput: (() => void) | undefined;
  #onMessages: ((messages: ClientMessage[]) => void) | undefined;
  #early: Buffer = Buffer.alloc(0);
  #shaken = false;
  #over = false;

  constructor(ws: WebSocket, socket: Duplex, control: boolean) {
    this.#ws = ws;
    this.#socket = socket;
    this.control = control;
    ws.on('message', (data, binary) => this.#arrived(data, binary));
    ws.once('close', () => this.#reader.end());
    // The close event follows and says all that matters.
    ws.on('error', () => undefined);
  }

  /** Called once, when the connection is over, whoever ended it. */
  onClose(listener: () => void): void {
    this.#ws.once('close', listener);
  }

  /** Called when a key, the pointer or the clipboard moves, and may. */
  onInput(listener: () => void): void {
    this.#onInput = listener;
  }

  /** Whether more is on the way than the viewer takes in. */
  get isFull(): boolean {
    return this.#socket.writableLength > HIGH_WATER;
  }

  /** Called when the viewer has taken in what was sent. */
  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  offDrain(listener: () => void): void {
    this.#socket.off('drain', listener);
  }

  send(bytes: Buffer): void {
    if (bytes.length > 0 && this.#ws.readyState === this.#ws.OPEN) this.#ws.send(bytes, { binary: true });
  }

  /** Stops and goes on reading what the viewer sends. */
  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: number, reason = ''): void {
    // Nothing that comes from now on counts.
    this.#onMessages = undefined;
    this.#over = true;
    closeFirmly(this.#ws, code, reason);
  }

  /** The first half of the handshake, which needs no desktop yet. */
  async greet(): Promise<void> {
    this.send(Buffer.from('RFB 003.008\n', 'latin1'));
    const version = (await this.#reader.read(12)).toString('latin1');
    if (!/^RFB 003\.00[78]\n$/.test(version)) throw new LabError('BadRequest', 'The viewer speaks another version.');
    // Who may come in was decided at the door: no password here.
    this.send(Buffer.from([1, 1]));
    if ((await this.#reader.read(1)).readUInt8(0) !== 1) throw new LabError('BadRequest', 'The viewer asked for a password.');
    if (version.endsWith('8\n')) this.send(Buffer.alloc(4));
    await this.#reader.read(1);
  }

  /** The second half. */
  welcome({ width, height, format, name }: ServerInit): void {
    const head = Buffer.alloc(24);
    head.writeUInt16BE(width, 0);
    head.writeUInt16BE(height, 2);
    setPixelFormat(format).copy(head, 4, 4, 20);
    head.writeUInt32BE(name.length, 20);
    this.send(Buffer.concat([head, name]));
  }

  /** Hands over the viewer's messages from now on; a later listener takes the place of an earlier one. */
  listen(listener: (messages: ClientMessage[]) => void): void {
    if (this.#over) return;
    this.#onMessages = listener;
    if (!this.#shaken) {
      this.#shaken = true;
      this.#early = this.#reader.rest();
    }
    const early = this.#early;
    this.#early = Buffer.alloc(0);
    if (early.length > 0) this.#parse(early);
  }

  #arrived(data: RawData, binary: boolean): void {
    if (!binary) return this.close(CLOSE.protocol, 'Only binary messages are spoken here.');
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    if (this.#shaken) this.#parse(bytes);
    else this.#reader.push(bytes);
  }

  #parse(bytes: Buffer): void {
    try {
      const messages = this.#parser.push(bytes);
      if (this.control && messages.some(isInput)) this.#onInput?.();
      if (messages.length > 0) this.#onMessages?.(messages);
    } catch (error) {
      this.close(CLOSE.protocol, LabError.from(error).message);
    }
  }
}

/** What people do, as against what their viewer does by itself. */
function isInput({ type }: ClientMessage): boolean {
  return type === FROM_CLIENT.pointer || type === FROM_CLIENT.key || type === FROM_CLIENT.qemu || type === FROM_CLIENT.cutText;
}
