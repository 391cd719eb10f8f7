import { LabError } from '@crownlabs/std';
import type { ClientMessage } from './client-parser.ts';
import { passed } from './client-rules.ts';
import { type PixelFormat, readPixelFormat } from './pixel-format.ts';
import { FROM_CLIENT, FROM_SERVER, readEncodings } from './protocol.ts';
import { ServerParser } from './server-parser.ts';
import type { Upstream } from './upstream.ts';
import { CLOSE, type Viewer } from './viewer.ts';

/** How a viewer wants its picture. */
export interface ViewerProfile {
  readonly format: PixelFormat;
  readonly encodings: readonly number[];
  /** The viewer was told that updates may come unasked. */
  readonly toldContinuous: boolean;
}

const HIGH_WATER = 256 * 1024;

/**
 * One viewer on a connection of its own to the desktop: every byte goes on the moment it comes, in the viewer's own
 * encodings. The stream is followed all the same, so that it can be filtered, and left at the edge of a message.
 */
export class Direct {
  readonly viewer: Viewer;
  readonly #upstream: Upstream;
  readonly #parser: ServerParser;
  #format: PixelFormat;
  #encodings: readonly number[] = [];
  #toldContinuous = false;
  #asked = false;
  #inMessage = false;
  #dropping = false;
  /** The piece at hand, and where in it what must still be sent begins. */
  #chunk: Buffer = Buffer.alloc(0);
  #from = 0;
  #onEdge: (() => void) | undefined;
  #left = false;

  constructor(viewer: Viewer, upstream: Upstream) {
    this.viewer = viewer;
    this.#upstream = upstream;
    this.#format = upstream.init.format;
    this.#parser = new ServerParser(upstream.init.format, {
      start: (type, offset) => this.#started(type, offset),
      end: (_message, offset) => this.#ended(offset),
    });
  }

  /** Begins to pass on; `early` is what the viewer has said already. */
  run(early: readonly ClientMessage[] = []): void {
    const { socket, first } = this.#upstream;
    const onDrain = () => socket.resume();
    this.viewer.onDrain(onDrain);
    socket.on('drain', () => this.viewer.resume());
    socket.on('data', (chunk: Buffer) => this.#fromDesktop(chunk));
    socket.once('close', () => {
      this.viewer.offDrain(onDrain);
      if (!this.#left) this.viewer.close(CLOSE.gone, 'The desktop closed the connection.');
    });
    this.viewer.onClose(() => {
      if (!this.#left) socket.destroy();
    });
    this.#fromViewer(early);
    this.viewer.listen((messages) => this.#fromViewer(messages));
    if (first.length > 0) this.#fromDesktop(first);
    socket.resume();
  }

  /** What the viewer has asked for; `undefined` while it has not asked for its first picture. */
  get profile(): ViewerProfile | undefined {
    return this.#asked ? { format: this.#format, encodings: this.#encodings, toldContinuous: this.#toldContinuous } : undefined;
  }

  /** Lets the desktop go at the next edge of a message, and keeps the viewer. Rejects when there is none in time. */
  leave(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => {
        this.#onEdge = undefined;
        reject(LabError.from(signal.reason, 'Timeout'));
      };
      signal.addEventListener('abort', fail, { once: true });
      this.#onEdge = () => {
        signal.removeEventListener('abort', fail);
        this.#left = true;
        this.#upstream.socket.destroy();
        this.viewer.resume();
        resolve();
      };
      if (!this.#inMessage) this.#onEdge();
    });
  }

  #fromDesktop(chunk: Buffer): void {
    if (this.#left) return;
    this.#chunk = chunk;
    this.#from = 0;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.viewer.close(CLOSE.protocol, LabError.from(error).message);
      this.#upstream.socket.destroy();
      return;
    }
    this.#flush(chunk.length);
    if (this.viewer.isFull) this.#upstream.socket.pause();
  }

  #started(type: number, offset: number): void {
    this.#inMessage = true;
    if (type === FROM_SERVER.endOfContinuousUpdates) this.#toldContinuous = true;
    // Who only looks on must not read what is copied on the desktop.
    if (this.viewer.control || type !== FROM_SERVER.cutText) return;
    this.#flush(offset);
    this.#dropping = true;
  }

  #ended(offset: number): boolean {
    this.#inMessage = false;
    if (this.#dropping) this.#from = offset;
    this.#dropping = false;
    if (!this.#onEdge) return true;
    this.#flush(offset);
    this.#onEdge();
    return false;
  }

  #flush(end: number): void {
    if (this.#left || this.#dropping) return;
    this.viewer.send(this.#from === 0 && end === this.#chunk.length ? this.#chunk : this.#chunk.subarray(this.#from, end));
    this.#from = end;
  }

  #fromViewer(messages: readonly ClientMessage[]): void {
    if (this.#left) return;
    const out = messages.map((message) => this.#admit(message)).filter((bytes) => bytes !== undefined);
    const [only] = out;
    if (!only || this.#upstream.socket.destroyed) return;
    const ready = this.#upstream.socket.write(out.length === 1 ? only : Buffer.concat(out));
    if (!ready && this.#upstream.socket.writableLength > HIGH_WATER) this.viewer.pause();
  }

  #admit(message: ClientMessage): Buffer | undefined {
    const { type, bytes } = message;
    if (type === FROM_CLIENT.updateRequest) this.#asked = true;
    if (type === FROM_CLIENT.setEncodings) this.#encodings = readEncodings(bytes);
    if (type === FROM_CLIENT.setPixelFormat) {
      // What is on the way has the old format, and nobody could tell where it ends.
      if (this.#asked) {
        this.viewer.close(CLOSE.protocol, 'The pixel format can be chosen before the first picture only.');
        return undefined;
      }
      this.#format = readPixelFormat(bytes.subarray(4));
      this.#parser.format = this.#format;
    }
    return passed(message, this.viewer.control);
  }
}
