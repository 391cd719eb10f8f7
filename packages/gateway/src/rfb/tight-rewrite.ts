import { promisify } from 'node:util';
import { constants, createInflate, deflate, type Inflate } from 'node:zlib';
import { LabError } from '@crownlabs/std';
import { bitRows, type Rect, TIGHT } from './server-parser.ts';

/**
 * Makes Tight rectangles stand on their own. On the wire they continue four compressed streams that began with the
 * connection, so whoever joins later could not read them. Here each is unpacked and packed again as the beginning of a
 * fresh stream (its reset bit says so): the same bytes then serve every viewer, however late, at no cost per viewer.
 */
export class TightRewriter {
  readonly #streams: (InflateStream | undefined)[] = [];
  readonly #pixelBytes: number;

  constructor(pixelBytes: number) {
    this.#pixelBytes = pixelBytes;
  }

  /** The content of `rect` for everybody. Must be called in the order of arrival; answers may be awaited later. */
  rewrite(rect: Rect, content: Buffer): Promise<Buffer> {
    const control = content.readUInt8(0);
    this.#reset(control & 0x0f);
    const kind = control >> 4;
    if (kind > TIGHT.lastBasic) {
      const whole = Buffer.from(content);
      whole.writeUInt8(kind << 4, 0);
      return Promise.resolve(whole);
    }
    const { headSize, size } = this.#layout(rect, content, kind);
    const head = Buffer.from(content.subarray(0, headSize));
    if (size < TIGHT.smallestCompressed) {
      head.writeUInt8(kind << 4, 0);
      return Promise.resolve(Buffer.concat([head, content.subarray(headSize)]));
    }
    const stream = kind & 3;
    head.writeUInt8((kind << 4) | (1 << stream), 0);
    const packed = content.subarray(headSize + lengthSize(content, headSize));
    const unpacked = this.#stream(stream).unpack(packed, size);
    return unpacked.then(async (bytes) => {
      const again = await pack(bytes);
      return Buffer.concat([head, compactLength(again.length), again]);
    });
  }

  close(): void {
    for (const stream of this.#streams) stream?.close();
  }

  #layout({ width, height }: Rect, content: Buffer, kind: number): { headSize: number; size: number } {
    const explicit = (kind & TIGHT.filterFollows) !== 0;
    const filter = explicit ? content.readUInt8(1) : TIGHT.copyFilter;
    const base = explicit ? 2 : 1;
    if (filter !== TIGHT.paletteFilter) return { headSize: base, size: width * height * this.#pixelBytes };
    const colours = content.readUInt8(base) + 1;
    return { headSize: base + 1 + colours * this.#pixelBytes, size: colours === 2 ? bitRows(width, height) : width * height };
  }

  #stream(index: number): InflateStream {
    const known = this.#streams[index];
    if (known) return known;
    const made = new InflateStream();
    this.#streams[index] = made;
    return made;
  }

  #reset(bits: number): void {
    for (let index = 0; index < 4; index += 1) {
      if (!(bits & (1 << index))) continue;
      this.#streams[index]?.close();
      this.#streams[index] = undefined;
    }
  }
}

const deflated = promisify<Buffer, { level: number }, Buffer>(deflate);

// Level 1: the network is faster than a second pass over the pixels.
const pack = (bytes: Buffer) => deflated(bytes, { level: 1 });

/** One of the four streams: pieces go in, and come out whole in the same order. */
class InflateStream {
  readonly #inflate: Inflate = createInflate({ flush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 });
  #last: Promise<unknown> = Promise.resolve();

  unpack(packed: Buffer, size: number): Promise<Buffer> {
    const next = this.#last.then(() => this.#one(packed, size));
    // A broken stream fails for whoever waits for it; those behind it must not fail unheard.
    this.#last = next.catch(() => undefined);
    return next;
  }

  close(): void {
    void this.#last.then(() => this.#inflate.close());
  }

  #one(packed: Buffer, size: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let got = 0;
      const settle = (error?: Error) => {
        this.#inflate.off('data', onData).off('error', settle);
        if (error) reject(new LabError('BadRequest', 'The desktop sent a broken picture.', { cause: error }));
        else resolve(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
      };
      const onData = (bytes: Buffer) => {
        parts.push(bytes);
        got += bytes.length;
        if (got >= size) settle();
      };
      this.#inflate.on('data', onData).once('error', settle);
      this.#inflate.write(packed, (error) => {
        if (error) settle(error);
        else if (got < size) setImmediate(() => got < size && settle(new Error('too short')));
      });
    });
  }
}

function lengthSize(bytes: Buffer, at: number): number {
  if (bytes.readUInt8(at) < 0x80) return 1;
  return bytes.readUInt8(at + 1) < 0x80 ? 2 : 3;
}

function compactLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x4000) return Buffer.from([(length & 0x7f) | 0x80, length >> 7]);
  return Buffer.from([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]);
}
