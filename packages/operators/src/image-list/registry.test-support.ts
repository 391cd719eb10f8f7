import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry of a test, that listens for real. */
export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  /** What was asked, in order. */
  readonly asked: readonly string[];
  /** From now on somebody else answers. */
  answerWith(listener: RequestListener): void;
}

/** Listens on loopback until disposed of. */
export async function startRegistry(first: RequestListener): Promise<TestRegistry> {
  let listener = first;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    asked,
    answerWith: (next) => void (listener = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function json(response: ServerResponse, body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The registry protocol over a map of repositories to tags, in pages of `size`. */
export function distribution(images: ReadonlyMap<string, readonly string[]>, size: number): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '', 'http://registry');
    const tagged = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname)?.[1];
    const all = tagged === undefined ? [...images.keys()] : images.get(tagged);
    if (!all) return json(response, { errors: [{ code: 'NAME_UNKNOWN' }] }, {}, 404);
    const start = all.indexOf(url.searchParams.get('last') ?? '') + 1;
    const page = all.slice(start, start + size);
    const more = start + size < all.length;
    const link = more ? { link: `<${url.pathname}?n=${size}&last=${encodeURIComponent(page.at(-1) ?? '')}>; rel="next"` } : {};
    json(response, tagged === undefined ? { repositories: page } : { name: tagged, tags: page }, link);
  };
}

/** Lets through who says the right words; asks others for `challenge`. */
export function guarded(right: string, challenge: () => string, inside: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.authorization === right) return inside(request, response);
    json(response, { errors: [{ code: 'UNAUTHORIZED' }] }, { 'www-authenticate': challenge() }, 401);
  };
}
