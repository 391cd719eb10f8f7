import { isObject, type Json, type JsonObject } from '../../src/json.ts';
import type { Answer, Connection, ReadyRequest } from './connection.ts';
import { textOf } from './json-text.ts';

interface Made {
  readonly path: string;
  finalizers: boolean;
}

// What answers a creation with a review is kept nowhere.
const NOT_KEPT = /Review$|^TokenRequest$|^Scale$|^Eviction$|^Binding$/;
const CHANGES = new Set(['POST', 'PUT', 'PATCH']);
const NAMESPACED = /\/namespaces\/[^/]+\/./;
const DEFINITION = /\/customresourcedefinitions\//;

/** What a case has made and must be gone after it. */
export class Leftovers {
  readonly #connection: Connection;
  readonly #token: string;
  readonly #made = new Map<string, Made>();

  constructor(connection: Connection, token: string) {
    this.#connection = connection;
    this.#token = token;
  }

  /** Remembers what the request made, if it made something that stays. */
  note({ method, path }: ReadyRequest, { code, json }: Answer): void {
    const metadata = code < 300 && CHANGES.has(method) && !path.includes('dryRun=') ? keptMetadata(json) : undefined;
    if (!metadata) return;
    const base = path.replace(/\?.*/, '');
    const own = method === 'POST' ? `${base}/${textOf(metadata['name'])}` : base.replace(/\/(status|scale|finalize)$/, '');
    const made = this.#made.get(own) ?? { path: own, finalizers: false };
    made.finalizers ||= Array.isArray(metadata['finalizers']) && metadata['finalizers'].length > 0;
    if (code === 201 || made.finalizers) this.#made.set(own, made);
  }

  /** Lets go of what finalizers hold, then deletes: what intercepts requests first, namespaces with their content last. */
  async clear(): Promise<void> {
    const made = [...this.#made.values()].toReversed().toSorted((a, b) => rank(a.path) - rank(b.path));
    for (const { path, finalizers } of made) {
      if (finalizers && !DEFINITION.test(path)) await this.#send('PATCH', path, { metadata: { finalizers: null } });
      if (!NAMESPACED.test(path)) await this.#send('DELETE', path, { propagationPolicy: 'Background' });
    }
  }

  async #send(method: string, path: string, body: object): Promise<void> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': type };
    await this.#connection.send({ method, path, headers, body: Buffer.from(JSON.stringify(body)) });
  }
}

function keptMetadata(json: Json | undefined): JsonObject | undefined {
  if (!isObject(json) || !isObject(json['metadata']) || !json['metadata']['uid']) return undefined;
  return NOT_KEPT.test(textOf(json['kind'])) ? undefined : json['metadata'];
}

function rank(path: string): number {
  if (path.includes('webhookconfigurations/')) return 0;
  if (DEFINITION.test(path)) return 2;
  return /^\/api\/v1\/namespaces\/[^/]+$/.test(path) ? 3 : 1;
}
