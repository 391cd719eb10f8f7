import { type Clock, hasCode, type LabError, systemClock } from '@crownlabs/std';
import { statusError, statusOf } from './api-status.ts';
import type { Applied, DeleteOptions, KubeClient, ListOptions, New, ObjectList, WatchEvent, WriteOptions } from './client.ts';
import { apiVersionOf, type KubeObject, type Resource } from './object.ts';
import { collectionPath, objectPath, queryString, selectorQuery, writeQueryString } from './resource-path.ts';
import { parseJson, readDocument, readText } from './response-body.ts';
import type { ApiRequest, ApiResponse, Transport } from './transport.ts';
import { WatchLines } from './watch-lines.ts';

/** Who the client is. */
export interface ClientOptions {
  /** Owner of the fields that this client applies. */
  readonly fieldManager: string;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

const PAGE = 500;
const BUSY_TRIES = 5;
/** Shared by all clients of the process, because so are the bytes that watches of the embedded API deliver. */
const LINES = new WatchLines();
const WATCH_SECONDS = { least: 300, spread: 300 };

/** A typed client over `transport`. It holds no state and opens nothing by itself. */
export function createClient(transport: Transport, options: ClientOptions): KubeClient {
  return new TransportClient(transport, options);
}

interface Call {
  readonly method: ApiRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

class TransportClient implements KubeClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;
  readonly #headers: Record<string, string>;
  readonly #clock: Clock;

  constructor(transport: Transport, { fieldManager, userAgent, clock }: ClientOptions) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
    this.#headers = { accept: 'application/json', 'user-agent': userAgent ?? `crownlabs/${fieldManager}` };
    this.#clock = clock ?? systemClock;
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T> {
    return this.#object<T>({ method: 'GET', path: objectPath(resource, name, namespace) });
  }

  async find<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined> {
    try {
      return await this.get(resource, name, namespace);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    try {
      return await this.#pages(resource, options, PAGE);
    } catch (error) {
      // The first page's revision was compacted while we read on; one answer without pages cannot suffer that.
      if (!hasCode(error, 'Expired')) throw error;
      return this.#pages(resource, options, undefined);
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: New<T>, options: WriteOptions = {}): Promise<T> {
    const path = `${collectionPath(resource, object.metadata.namespace)}${this.#query(options)}`;
    return this.#object<T>({ method: 'POST', path, body: object });
  }

  async replace<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    return this.#object<T>({ method: 'PUT', path: this.#writePath(resource, { name, namespace }, options), body: object });
  }

  async patch<T extends KubeObject>(...args: Parameters<KubeClient['patch']>): Promise<T> {
    const [resource, name, namespace, patch, options = {}] = args;
    const contentType = Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json';
    return this.#object<T>({ method: 'PATCH', path: this.#writePath(resource, { name, namespace }, options), body: patch, contentType });
  }

  async apply<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    const contentType = 'application/apply-patch+yaml';
    return this.#object<T>({ method: 'PATCH', path: this.#writePath(resource, { name, namespace }, options), body: object, contentType });
  }

  async delete(resource: Resource, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, ...rest } = options;
    const preconditions = uid !== undefined || resourceVersion !== undefined ? { preconditions: { uid, resourceVersion } } : {};
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...preconditions };
    try {
      await this.#json({ method: 'DELETE', path: objectPath(resource, name, namespace), body });
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
    }
  }

  async deleteCollection(resource: Resource, options: ListOptions): Promise<void> {
    await this.#json({ method: 'DELETE', path: `${collectionPath(resource, options.namespace)}${queryString(selectorQuery(options))}` });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { resourceVersion?: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const query = queryString({
      ...selectorQuery(options),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      // Servers close watches after a while anyway; a spread keeps hundreds of them from coming back together.
      timeoutSeconds: Math.round(WATCH_SECONDS.least + Math.random() * WATCH_SECONDS.spread),
    });
    const answer = await this.#send({ method: 'GET', path: `${collectionPath(resource, options.namespace)}${query}` }, signal);
    if (answer.status >= 400) throw statusError(answer.status, parseJson(await readText(answer.body)));
    for await (const event of LINES.events<T>(answer)) {
      if (event.type === 'ERROR') throw statusError(500, event.object);
      yield event;
    }
  }

  async raw(method: ApiRequest['method'], path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown> {
    return this.#json({ method, path, body, ...(headers ? { headers } : {}) });
  }

  async #pages<T extends KubeObject>(resource: Resource<T>, options: ListOptions, limit: number | undefined): Promise<ObjectList<T>> {
    const path = collectionPath(resource, options.namespace);
    const items: T[] = [];
    let cursor: string | undefined;
    for (;;) {
      const query = queryString({ ...selectorQuery(options), limit, continue: cursor });
      const page = await this.#json({ method: 'GET', path: `${path}${query}` });
      const { metadata, items: found } = asList(page);
      // Lists of built-in kinds leave out what their items have in common.
      for (const item of found) items.push({ ...(item as T), apiVersion: apiVersionOf(resource), kind: resource.kind });
      cursor = metadata.continue;
      if (cursor === undefined || cursor === '') return { items, resourceVersion: metadata.resourceVersion ?? '' };
    }
  }

  #query(options: WriteOptions): string {
    return writeQueryString(options, this.#fieldManager);
  }

  #writePath(resource: Resource, at: { name: string; namespace: string | undefined }, options: WriteOptions): string {
    const subresource = options.subresource ? `/${options.subresource}` : '';
    return `${objectPath(resource, at.name, at.namespace)}${subresource}${this.#query(options)}`;
  }

  async #object<T extends KubeObject>(call: Call): Promise<T> {
    // The border: the server has validated the object against the schema that T describes.
    return (await this.#json(call)) as T;
  }

  async #json(call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(call);
      if (answer.status < 400) return readDocument(answer);
      const text = await readText(answer.body);
      const error = statusError(answer.status, text.startsWith('{') ? parseJson(text) : text);
      const wait = attempt < BUSY_TRIES ? busyMs(error, answer) : undefined;
      if (wait === undefined) throw error;
      await this.#clock.sleep(wait);
    }
  }

  #send({ method, path, body, contentType, headers }: Call, signal?: AbortSignal): Promise<ApiResponse> {
    const content = body === undefined ? {} : { 'content-type': contentType ?? 'application/json' };
    return this.#transport({
      method,
      path,
      headers: { ...this.#headers, ...content, ...headers },
      ...(body === undefined ? {} : { value: body }),
      ...(signal ? { signal } : {}),
    });
  }
}

/** How long a server that is too busy asks us to wait; `undefined` when the failure is another one. */
function busyMs(error: LabError, answer: ApiResponse): number | undefined {
  if (error.code !== 'TooManyRequests') return undefined;
  const seconds = statusOf(error)?.details?.retryAfterSeconds ?? Number(answer.headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds, 10) * 1000 : undefined;
}

function asList(value: unknown): { metadata: { continue?: string; resourceVersion?: string }; items: unknown[] } {
  if (typeof value === 'object' && value !== null && 'metadata' in value) {
    const { metadata, items } = value as { metadata: { continue?: string; resourceVersion?: string }; items?: unknown[] | null };
    return { metadata, items: items ?? [] };
  }
  throw statusError(500, 'the API answered a list request with something else');
}
