import { connect, type TLSSocket } from 'node:tls';

/** What came back, as far as a measurement cares. */
export interface Answer {
  readonly status: number;
  readonly bytes: number;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
  readonly accept?: string;
}

const TOKEN = 'bench-token';

/**
 * One HTTP/1.1 connection over TLS, one request at a time. By hand, because node's own client costs more CPU than the server
 * it would measure: this one costs about 30 µs a request.
 */
export class Wire {
  readonly #socket: TLSSocket;
  #taken: (answer: Answer) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #onBody: ((chunk: Buffer) => void) | undefined;
  #head = '';
  #status = 0;
  #bytes = 0;
  #left = -1;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: Error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(new Wire(socket)));
      socket.once('error', reject);
    });
  }

  ask({ method, path, body = '', type = 'application/json', accept = 'application/json' }: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#taken = resolve;
      this.#failed = reject;
      const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${TOKEN}\r\naccept: ${accept}\r\n`;
      this.#socket.write(`${head}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  /** Asks for a stream, and hands every piece of its body to `onBody`, as it lies on the wire. Resolves with its beginning. */
  stream(path: string, onBody: (chunk: Buffer) => void): Promise<Answer> {
    this.#onBody = onBody;
    return this.ask({ method: 'GET', path });
  }

  close(): void {
    this.#failed = () => undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#left >= 0) this.#body(chunk);
    else this.#begin(chunk);
  }

  #begin(chunk: Buffer): void {
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const rest = this.#head.length - end - 4;
    this.#status = Number(this.#head.slice(9, 12));
    this.#bytes = 0;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#head.slice(0, end + 2))?.[1];
    this.#head = '';
    this.#left = length === undefined ? Number.MAX_SAFE_INTEGER : Number(length);
    if (this.#onBody) this.#taken({ status: this.#status, bytes: 0 });
    this.#body(chunk.subarray(chunk.length - rest));
  }

  #body(chunk: Buffer): void {
    this.#onBody?.(chunk);
    this.#bytes += chunk.length;
    this.#left -= chunk.length;
    if (this.#left > 0) return;
    this.#left = -1;
    this.#taken({ status: this.#status, bytes: this.#bytes });
  }
}

/** So many connections to one server. */
export function openWires(port: number, count: number): Promise<Wire[]> {
  return Promise.all(Array.from({ length: count }, () => Wire.open(port)));
}

/** The line of a token file by which the connections above are known. */
export const TOKEN_LINE = `${TOKEN},admin,admin-uid,"system:masters"\n`;
