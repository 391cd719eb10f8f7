import type { WebSocket } from 'ws';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const EXTENDED_DESKTOP_SIZE = -308;

/** RFB 3.8 without a password: one picture of hills, drawn when it is asked for, in the size that the viewer wishes. */
class MockDesktop {
  readonly #socket: WebSocket;
  #buffer: Buffer = Buffer.alloc(0);
  #state: 'version' | 'security' | 'init' | 'running' = 'version';
  #width = 1024;
  #height = 640;
  #sizeTold = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.send(Buffer.from('RFB 003.008\n'));
  }

  receive(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (let used = this.#step(); used > 0; used = this.#step()) this.#buffer = this.#buffer.subarray(used);
  }

  /** Bytes used up; none when more must come first. */
  #step(): number {
    if (this.#state === 'running') return this.#message();
    const steps = {
      version: [12, Buffer.from([1, 1]), 'security'],
      security: [1, Buffer.alloc(4), 'init'],
      init: [1, this.#serverInit(), 'running'],
    } as const;
    const [length, reply, next] = steps[this.#state];
    if (this.#buffer.length < length) return 0;
    this.#socket.send(reply);
    this.#state = next;
    return length;
  }

  #message(): number {
    const length = this.#messageLength();
    if (length === undefined || this.#buffer.length < length) return 0;
    if (this.#buffer[0] === 3 && this.#buffer[1] === 0) this.#draw();
    if (this.#buffer[0] === 251) {
      [this.#width, this.#height] = [this.#buffer.readUInt16BE(2), this.#buffer.readUInt16BE(4)];
      this.#sizeTold = false;
      this.#draw();
    }
    return length;
  }

  #messageLength(): number | undefined {
    const fixed: Record<number, number> = { 0: 20, 3: 10, 4: 8, 5: 6, 150: 10, 255: 12 };
    const type = this.#buffer[0];
    if (type === undefined || this.#buffer.length < 8) return type === 5 && this.#buffer.length >= 6 ? 6 : undefined;
    if (type === 2) return 4 + 4 * this.#buffer.readUInt16BE(2);
    if (type === 6) return 8 + Math.abs(this.#buffer.readInt32BE(4));
    if (type === 251) return 8 + 16 * (this.#buffer[6] ?? 0);
    return fixed[type] ?? this.#buffer.length;
  }

  #serverInit(): Buffer {
    const name = Buffer.from('mock desktop');
    const init = Buffer.alloc(24);
    init.writeUInt16BE(this.#width, 0);
    init.writeUInt16BE(this.#height, 2);
    init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
    init.writeUInt32BE(name.length, 20);
    return Buffer.concat([init, name]);
  }

  #draw(): void {
    const screen = Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.alloc(8), u16(this.#width), u16(this.#height), Buffer.alloc(4)]);
    const size = this.#sizeTold ? [] : [this.#rectangle(EXTENDED_DESKTOP_SIZE, screen)];
    this.#sizeTold = true;
    const rectangles = [...size, this.#rectangle(0, this.#pixels())];
    this.#socket.send(Buffer.concat([Buffer.from([0, 0]), u16(rectangles.length), ...rectangles]));
  }

  #rectangle(encoding: number, body: Buffer): Buffer {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(this.#width, 4);
    head.writeUInt16BE(this.#height, 6);
    head.writeInt32BE(encoding, 8);
    return Buffer.concat([head, body]);
  }

  #pixels(): Buffer {
    const [width, height] = [this.#width, this.#height];
    const out = Buffer.alloc(width * height * 4);
    for (let at = 0; at < width * height; at += 1) {
      const [x, y] = [at % width, Math.floor(at / width)];
      const hill = height * (0.72 + 0.06 * Math.sin((x / width) * 7));
      const t = y / height;
      const [r, g, b] = y > hill ? [16, 34, 56] : [19 + 28 * t, 42 + 100 * t, 74 + 57 * t];
      out.set([r, g, b, 0], at * 4);
    }
    return out;
  }
}

/** Serves a mock desktop on a socket. */
export function serveRfb(socket: WebSocket): void {
  const desktop = new MockDesktop(socket);
  socket.on('message', (data) => Buffer.isBuffer(data) && desktop.receive(data));
}
