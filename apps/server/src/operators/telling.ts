import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { type Listening, listening } from './listening.ts';

/** What there is to tell of a program that runs. */
export interface Telling {
  readonly bind: string;
  readonly port: number;
  readonly registry: Registry;
  /** Why the program cannot serve now; `undefined` when it can. */
  readonly unready: () => string | undefined;
  /** Why it should be started afresh; `undefined` while it is well. */
  readonly unwell: () => string | undefined;
}

/** Serves /metrics, /healthz and /readyz. They tell counts and states, never objects, so nobody is asked who he is. */
export function tell({ bind, port, registry, unready, unwell }: Telling): Promise<Listening> {
  const verdict = (trouble: string | undefined) => ({
    status: trouble === undefined ? 200 : 503,
    text: trouble ?? 'ok',
    type: 'text/plain',
  });
  const pages: Readonly<Record<string, () => Promise<{ status: number; text: string; type: string }>>> = {
    '/metrics': async () => ({ status: 200, text: await registry.metrics(), type: registry.contentType }),
    '/healthz': async () => verdict(unwell()),
    '/livez': async () => verdict(unwell()),
    '/readyz': async () => verdict(unready()),
  };
  const server = createServer((request, response) => {
    const page = pages[(request.url ?? '').split('?')[0] ?? ''];
    if (!page) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there are /metrics, /healthz and /readyz\n');
      return;
    }
    page().then(
      ({ status, text, type }) => response.writeHead(status, { 'content-type': type }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return listening(server, { bind, port });
}
