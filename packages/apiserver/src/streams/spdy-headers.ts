import { constants, createDeflate, createInflate } from 'node:zlib';
import { SPDY_DICTIONARY } from './spdy-dictionary.ts';

/** Headers of a SPDY stream. Both directions keep their compression for the life of the connection, so blocks are handled in order. */
export class HeaderBlocks {
  readonly #inflate = createInflate({ dictionary: SPDY_DICTIONARY });
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY, level: constants.Z_BEST_COMPRESSION });
  #inflated: Buffer[] = [];
  #deflated: Buffer[] = [];

  constructor() {
    this.#inflate.on('data', (part: Buffer) => this.#inflated.push(part));
    this.#deflate.on('data', (part: Buffer) => this.#deflated.push(part));
    // A broken block fails its own read; the stream's event would end the process.
    this.#inflate.on('error', () => undefined);
    this.#deflate.on('error', () => undefined);
  }

  async read(block: Uint8Array): Promise<Map<string, string>> {
    await new Promise<void>((resolve, reject) => {
      this.#inflate.write(block, (error) => (error ? reject(error) : resolve()));
    });
    await new Promise<void>((resolve) => this.#inflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    const bytes = Buffer.concat(this.#inflated);
    this.#inflated = [];
    return parseHeaders(bytes);
  }

  /** The block of a reply that has no headers. */
  async empty(): Promise<Buffer> {
    this.#deflate.write(Buffer.alloc(4));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    const block = Buffer.concat(this.#deflated);
    this.#deflated = [];
    return block;
  }

  close(): void {
    this.#inflate.close();
    this.#deflate.close();
  }
}

function parseHeaders(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  let at = 4;
  const text = () => {
    const length = bytes.readUInt32BE(at);
    const value = bytes.toString('utf8', at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) {
    const name = text();
    headers.set(name, text());
  }
  return headers;
}
