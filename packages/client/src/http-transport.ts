import { readFileSync } from 'node:fs';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { LabError, messageOf } from '@crownlabs/std';
import { type ApiRequest, type ApiResponse, bodyOf, type Transport } from './transport.ts';

/** Where an API listens and how we prove who we are there. */
export interface ApiEndpoint {
  /** `https://host:port`, with a path where the API lives below one. */
  readonly server: string;
  /** PEM. Absent: the machine's own authorities. */
  readonly ca?: string;
  readonly token?: string;
  /** A file that is read again when what was read is a minute old or was refused, because tokens in it are rotated. */
  readonly tokenFile?: string;
  /** PEM. */
  readonly clientCert?: { readonly cert: string; readonly key: string };
  /** The name that the certificate must carry, where it is not the host's. */
  readonly serverName?: string;
  /** Accepts any certificate. For a kubeconfig that says so; nothing of ours does. */
  readonly insecureSkipTlsVerify?: boolean;
}

const TOKEN_AGE_MS = 60_000;

/** Reads the bearer of an endpoint whenever it is needed; anew when the one that was read is the one that was `refused`. */
export function bearerOf(endpoint: ApiEndpoint): (refused?: string) => string | undefined {
  const { token, tokenFile } = endpoint;
  if (tokenFile === undefined) return () => token;
  let read: { text: string; at: number } | undefined;
  return (refused) => {
    if (!read || read.text === refused || Date.now() - read.at > TOKEN_AGE_MS) {
      read = { text: readFileSync(tokenFile, 'utf8').trim(), at: Date.now() };
    }
    return read.text;
  };
}

/** What Node's TLS wants to know of an endpoint. */
export function tlsOptions(endpoint: ApiEndpoint) {
  return {
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
    ...endpoint.clientCert,
    ...(endpoint.serverName === undefined ? {} : { servername: endpoint.serverName }),
    ...(endpoint.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
  };
}

/**
 * A transport over HTTP/1.1 with connections kept alive. Every open watch holds one connection, as many as there are watches;
 * idle connections do not keep the process alive.
 */
export function httpTransport(endpoint: ApiEndpoint): Transport {
  const server = new URL(endpoint.server);
  const secure = server.protocol === 'https:';
  const keep = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 64, scheduling: 'lifo' as const };
  const agent = secure ? new HttpsAgent({ ...keep, ...tlsOptions(endpoint) }) : new HttpAgent(keep);
  const bearer = bearerOf(endpoint);
  const send = secure ? httpsRequest : httpRequest;
  const root = server.pathname.replace(/\/$/, '');

  const once = (request: ApiRequest) =>
    exchange(request, (headers) =>
      send({
        agent,
        protocol: server.protocol,
        hostname: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port || (secure ? 443 : 80),
        method: request.method,
        path: root + request.path,
        headers,
        ...(request.signal ? { signal: request.signal } : {}),
      }),
    );

  const ask = async (request: ApiRequest, token: string | undefined) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const full = { ...request, headers: { ...authorization, ...request.headers } };
    try {
      return await once(full);
    } catch (error) {
      // The server closed a kept connection just as we used it. A POST may have arrived, so its caller decides.
      if (request.method !== 'POST' && error instanceof StaleConnection) return asUnavailable(once(full));
      return asUnavailable(Promise.reject(error));
    }
  };

  return async (request) => {
    const token = bearer();
    const answer = await ask(request, token);
    if (answer.status !== 401) return answer;
    // Who comes back after a night may have read the token of the day before. Nothing was done for it, so the request may be sent again.
    const next = bearer(token);
    if (next === token) return answer;
    for await (const _ of answer.body);
    return ask(request, next);
  };
}

class StaleConnection extends Error {}

function exchange(request: ApiRequest, open: (headers: Record<string, string | number>) => ClientRequest): Promise<ApiResponse> {
  const body = bodyOf(request);
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const out = open({ ...request.headers, ...length });
    out.on('response', (answer) => resolve(present(answer)));
    out.on('error', (error: NodeJS.ErrnoException) => {
      const stale = out.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    // Watches are long silent: without Nagle off and probes on, a dead peer is noticed hours later.
    out.on('socket', (socket) => void socket.setNoDelay(true).setKeepAlive(true, 15_000));
    out.end(body);
  });
}

function present(answer: IncomingMessage): ApiResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: answer.statusCode ?? 0, headers, body: answer };
}

async function asUnavailable(answer: Promise<ApiResponse>): Promise<ApiResponse> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    throw new LabError('ServiceUnavailable', `the API does not answer: ${messageOf(error)}`, { cause: error });
  }
}
