import { type ApiServer, type ApiServerOptions, createApiServer } from '../server.ts';

/** One answer, decoded. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // Tests look into answers as they come.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** An API in memory, and requests to it as an administrator. */
export interface TestApi extends AsyncDisposable {
  readonly server: ApiServer;
  send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answered>;
  /** The events of a watch, as they come. */
  watch(path: string, signal: AbortSignal): AsyncGenerator<{ type: string; object: { metadata: { name: string } } }>;
}

/** Starts one; dispose of it with `await using`. */
export async function startTestApi(options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const signingKey = { read: async () => undefined, write: async () => undefined };
  const server = await createApiServer({ signingKey, admission: { without: ['ServiceAccount'] }, ...options });
  const transport = server.transport({ username: 'admin', groups: ['system:masters'] });
  return {
    server,
    async send(method, path, body, headers = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const response = await transport({
        method,
        path,
        headers: { 'content-type': type, ...headers },
        ...(body === undefined ? {} : { body: text }),
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      const answer = Buffer.concat(chunks).toString();
      return { status: response.status, headers: response.headers, body: answer.startsWith('{') ? JSON.parse(answer) : answer };
    },
    async *watch(path, signal) {
      const { body } = await transport({ method: 'GET', path, signal });
      let rest = '';
      for await (const chunk of body) {
        const lines = (rest + Buffer.from(chunk).toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line);
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
