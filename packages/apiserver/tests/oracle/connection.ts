import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { isObject, type Json, type JsonObject } from '../../src/json.ts';

/** A request, ready to be sent. */
export interface ReadyRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly timeoutMs?: number;
}

/** An answer, read to its end. */
export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Absent when the text is no JSON. */
  readonly json: Json | undefined;
}

/** An open watch: its events come in as they are sent. */
export interface OpenWatch {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: JsonObject[];
  /** The whole answer, when it is no stream. */
  text: string;
  ended: boolean;
  close(): void;
}

const PATIENCE_MS = 20_000;

/** Sends requests to one server over TLS, verified, on kept-alive connections. */
export class Connection {
  readonly #url: URL;
  readonly #ca: string;
  readonly #agent: Agent;

  constructor(url: string, ca: string) {
    this.#url = new URL(url);
    this.#ca = ca;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64, ca });
  }

  close(): void {
    this.#agent.destroy();
  }

  async send(asked: ReadyRequest): Promise<Answer> {
    for (;;) {
      const answer = await this.#once(asked);
      // The server had closed the idle connection; the next one is new.
      if (answer !== 'stale') return answer;
    }
  }

  #once(asked: ReadyRequest): Promise<Answer | 'stale'> {
    return new Promise((resolve, reject) => {
      let answered = false;
      const sent = request(this.#options(asked, this.#agent), (response) => {
        answered = true;
        void textOf(response).then((text) => resolve(answerOf(response, text)));
      });
      sent.setTimeout(asked.timeoutMs ?? PATIENCE_MS, () => sent.destroy(new Error('no answer in time')));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // A server may refuse a big body before it has read it.
        if (answered) return;
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve('stale');
        else reject(error);
      });
      sent.end(asked.body);
    });
  }

  watch(asked: ReadyRequest): Promise<OpenWatch> {
    return new Promise((resolve, reject) => {
      const sent = request(this.#options(asked, new Agent({ ca: this.#ca })), (response) => {
        const opened = openWatch(sent, response);
        if (opened.code === 200) resolve(opened);
        else response.on('end', () => resolve(opened));
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  #options({ method, path, headers, body }: ReadyRequest, agent: Agent): RequestOptions {
    const length = body === undefined ? {} : { 'content-length': body.length };
    const { hostname: host, port } = this.#url;
    const encoded = path.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/g, (character) => encodeURIComponent(character));
    return { host, port, method, path: encoded, headers: { ...headers, ...length }, agent };
  }
}

function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const done = () => resolve(Buffer.concat(chunks).toString('utf8'));
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', done).on('error', done).on('close', done);
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, text: string): Answer {
  const type = headers['content-type'] ?? '';
  return { code: statusCode, headers, text, json: type.includes('json') || text.startsWith('{') ? parsed(text) : undefined };
}

/** The text as JSON, if it is. */
export function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function openWatch(sent: ClientRequest, response: IncomingMessage): OpenWatch {
  const { statusCode: code = 0, headers } = response;
  const opened: OpenWatch = { code, headers, events: [], text: '', ended: false, close: () => sent.destroy() };
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    if (code !== 200) opened.text += chunk;
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parsed(line);
      opened.events.push(isObject(event) ? event : { type: 'UNREADABLE', object: { line } });
    }
  });
  const end = () => {
    opened.ended = true;
  };
  response.on('end', end).on('close', end).on('error', end);
  sent.on('error', end);
  return opened;
}
