import { HeaderBlocks } from './spdy-headers.ts';

const TYPE = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const FIN = 1;
const CONTROL_BYTE = 0x80;
const VERSION = 0x8003;
const HEAD = 8;
const MOST_FRAME_BYTES = 4 * 1024 * 1024;

/** One stream of a SPDY connection, opened by the client. */
export interface SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  onData: (data: Buffer) => void;
  /** The client will send no more. */
  onEnd: () => void;
  write(data: Uint8Array): void;
  end(): void;
  reset(): void;
}

/** What a SPDY connection needs of what carries it. */
export interface SpdyCarrier {
  send(bytes: Uint8Array): void;
  opened(stream: SpdyStream): void;
  failed(error: unknown): void;
}

/**
 * The server's side of SPDY/3.1, as far as port-forwards use it: streams that the client opens, data both ways, no flow control
 * (Kubernetes' own implementation has none). Frames are handled strictly in order.
 */
export class SpdyConnection {
  readonly #carrier: SpdyCarrier;
  readonly #headers = new HeaderBlocks();
  readonly #streams = new Map<number, SpdyStream>();
  #received: Buffer = Buffer.alloc(0);
  #work: Promise<void> = Promise.resolve();

  constructor(carrier: SpdyCarrier) {
    this.#carrier = carrier;
  }

  receive(bytes: Buffer): void {
    this.#work = this.#work.then(() => this.#take(bytes)).catch((error: unknown) => this.#carrier.failed(error));
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.onEnd();
    this.#streams.clear();
    this.#headers.close();
  }

  async #take(bytes: Buffer): Promise<void> {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= HEAD) {
      const length = this.#received.readUIntBE(5, 3);
      if (length > MOST_FRAME_BYTES) throw new RangeError(`SPDY frame of ${length} bytes`);
      if (this.#received.length < HEAD + length) return;
      const head = this.#received.subarray(0, HEAD);
      const body = this.#received.subarray(HEAD, HEAD + length);
      this.#received = this.#received.subarray(HEAD + length);
      await this.#frame(head, body);
    }
  }

  async #frame(head: Buffer, body: Buffer): Promise<void> {
    const flags = head[4] ?? 0;
    if (((head[0] ?? 0) & CONTROL_BYTE) === 0) {
      this.#data(head.readUInt32BE(0), body, flags);
      return;
    }
    switch (head.readUInt16BE(2)) {
      case TYPE.synStream:
        await this.#open(body, flags);
        break;
      case TYPE.rstStream:
        this.#forget(body.readUInt32BE(0));
        break;
      case TYPE.ping:
        this.#carrier.send(control(TYPE.ping, 0, body));
        break;
      default:
      // Settings, window updates and goodbyes change nothing here.
    }
  }

  #data(id: number, body: Buffer, flags: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (body.length > 0) stream.onData(body);
    if ((flags & FIN) !== 0) stream.onEnd();
  }

  #forget(id: number): void {
    this.#streams.get(id)?.onEnd();
    this.#streams.delete(id);
  }

  async #open(body: Buffer, flags: number): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#headers.read(body.subarray(10));
    const stream = this.#stream(id, headers);
    this.#streams.set(id, stream);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    this.#carrier.send(control(TYPE.synReply, 0, Buffer.concat([reply, await this.#headers.empty()])));
    this.#carrier.opened(stream);
    if ((flags & FIN) !== 0) stream.onEnd();
  }

  #stream(id: number, headers: ReadonlyMap<string, string>): SpdyStream {
    const send = (data: Uint8Array, flags: number) => this.#streams.has(id) && this.#carrier.send(dataFrame(id, flags, data));
    return {
      id,
      headers,
      onData: () => undefined,
      onEnd: () => undefined,
      write: (data) => void send(data, 0),
      end: () => void send(Buffer.alloc(0), FIN),
      reset: () => {
        const body = Buffer.alloc(8);
        body.writeUInt32BE(id);
        // CANCEL.
        body.writeUInt32BE(5, 4);
        this.#carrier.send(control(TYPE.rstStream, 0, body));
        this.#streams.delete(id);
      },
    };
  }
}

function control(type: number, flags: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function dataFrame(id: number, flags: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(id, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([head, data]);
}
