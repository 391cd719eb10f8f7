import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** The least of an RFB client (RFC 6143): sees when a desktop answers, shows its first picture, and has drawn its panel. */
export class RfbEye {
  readonly #socket: Duplex;
  #pending = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #width = 0;
  #height = 0;
  #pixels = Buffer.alloc(0);

  private constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      this.#wake();
    });
    socket.once('end', () => socket.destroy()).once('close', () => this.#wake());
  }

  /** Connects as soon as somebody listens; resolves with the banner read. */
  static async open(host: string, port: number): Promise<RfbEye> {
    for (;;) {
      const socket = connect({ host, port, noDelay: true });
      try {
        await once(socket, 'connect');
        const eye = new RfbEye(socket);
        await eye.#take(12);
        return eye;
      } catch {
        socket.destroy();
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    }
  }

  /** Looks through a stream that somebody opened; resolves with the banner read. */
  static async over(stream: Duplex): Promise<RfbEye> {
    const eye = new RfbEye(stream);
    await eye.#take(12);
    return eye;
  }

  /** Follows the picture until it is not of one colour. */
  async somethingShown(): Promise<void> {
    const colours = () => new Uint32Array(this.#pixels.buffer, this.#pixels.byteOffset, this.#pixels.length / 4);
    const isBlank = () => colours().every((colour, _, all) => colour === all[0]);
    while (isBlank()) {
      this.#ask(true);
      await this.#update();
    }
  }

  /** Shakes hands without a password and asks for the whole picture; resolves when it was read. */
  async firstFrame(): Promise<void> {
    this.#socket.write('RFB 003.008\n');
    const count = (await this.#take(1)).readUInt8();
    await this.#take(count);
    this.#socket.write(Buffer.from([1]));
    await this.#take(4);
    this.#socket.write(Buffer.from([1]));
    const init = await this.#take(24);
    [this.#width, this.#height] = [init.readUInt16BE(0), init.readUInt16BE(2)];
    this.#pixels = Buffer.alloc(this.#width * this.#height * 4);
    await this.#take(init.readUInt32BE(20));
    this.#socket.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
    this.#ask(false);
    await this.#update();
  }

  /** Follows the picture until the panel at the lower edge is there. */
  async panelDrawn(): Promise<void> {
    while (!isPanel(this.#pixel(this.#width / 2, this.#height - 20))) {
      this.#ask(true);
      await this.#update();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(incremental: boolean): void {
    const request = Buffer.alloc(10);
    request.writeUInt8(3, 0);
    request.writeUInt8(incremental ? 1 : 0, 1);
    request.writeUInt16BE(this.#width, 6);
    request.writeUInt16BE(this.#height, 8);
    this.#socket.write(request);
  }

  async #update(): Promise<void> {
    for (;;) {
      const type = (await this.#take(1)).readUInt8();
      if (type === 0) break;
      // A bell has no more; a clipboard text has.
      if (type === 3) await this.#take((await this.#take(7)).readUInt32BE(3));
    }
    const count = (await this.#take(3)).readUInt16BE(1);
    for (let n = 0; n < count; n++) {
      const head = await this.#take(12);
      const [x, y, width, height] = [0, 2, 4, 6].map((at) => head.readUInt16BE(at)) as [number, number, number, number];
      const data = await this.#take(width * height * 4);
      for (let row = 0; row < height; row++)
        data.copy(this.#pixels, ((y + row) * this.#width + x) * 4, row * width * 4, (row + 1) * width * 4);
    }
  }

  #pixel(x: number, y: number): readonly number[] {
    const at = (Math.floor(y) * this.#width + Math.floor(x)) * 4;
    return [...this.#pixels.subarray(at, at + 3)];
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#pending.length < bytes) {
      if (this.#socket.destroyed) throw new Error('the desktop hung up');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    return taken;
  }
}

/** The panel of the image's theme is a grey that neither the wallpaper nor an empty screen has. */
export function isPanel(pixel: readonly number[]): boolean {
  const [r = 0, g = 0, b = 0] = pixel;
  return Math.max(r, g, b) - Math.min(r, g, b) < 10 && r > 20 && r < 110;
}
