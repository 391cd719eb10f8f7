import { LabError } from '@crownlabs/std';

/** Bytes that arrive in pieces, read in the amounts that a handshake needs. One reader at a time. */
export class ByteReader {
  #held: Buffer = Buffer.alloc(0);
  #waiting: { readonly size: number; readonly resolve: (bytes: Buffer) => void; readonly reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;

  push(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#serve();
  }

  end(error: Error = new LabError('ServiceUnavailable', 'The connection was closed.')): void {
    this.#ended ??= error;
    this.#serve();
  }

  read(size: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { size, resolve, reject };
      this.#serve();
    });
  }

  /** What has arrived beyond the last read; the reader is empty after it. */
  rest(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    if (this.#held.length >= waiting.size) {
      this.#waiting = undefined;
      const bytes = this.#held.subarray(0, waiting.size);
      this.#held = this.#held.subarray(waiting.size);
      waiting.resolve(bytes);
    } else if (this.#ended) {
      this.#waiting = undefined;
      waiting.reject(this.#ended);
    }
  }
}
