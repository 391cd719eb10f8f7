import { createHash } from 'node:crypto';
import { encodeJson } from '../codec/json-print.ts';
import { clauses } from '../codec/negotiate.ts';
import { servedGroups } from '../discovery/groups.ts';
import type { Answer } from '../exchange.ts';
import type { JsonObject } from '../json.ts';
import { notServed } from '../not-served.ts';
import type { PathTable } from '../paths.ts';
import type { Call } from '../pipeline.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import { serverVersion } from '../version.ts';
import { Definitions } from './definitions.ts';
import { GNOSTIC, GNOSTIC_ASKED, gnosticV2 } from './gnostic.ts';
import { pathsOf } from './operations.ts';
import { swaggerOf } from './swagger.ts';

interface Document {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

// A document is megabytes of text that few clients read, once: it is kept for a while, not for ever.
const KEEP_MS = 60_000;

/** OpenAPI documents, made when they are first asked for after a change. */
class Documents {
  readonly #registry: Registry;
  readonly #made = new Map<string, Document>();
  readonly #hashes = new Map<string, string>();
  #generation = -1;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Group-versions as their documents are named: `api/v1`, `apis/apps/v1`. */
  names(): Map<string, readonly ResourceInfo[]> {
    const names = new Map<string, readonly ResourceInfo[]>();
    for (const { name, versions } of servedGroups(this.#registry, [])) {
      for (const { version, resources } of versions) names.set(name === '' ? `api/${version}` : `apis/${name}/${version}`, resources);
    }
    return names;
  }

  get(name: string): Document | undefined {
    if (name === 'version') return this.#kept(name, () => encodeJson(versionDocument()));
    const resources = this.names().get(name);
    return resources && this.#kept(name, () => encodeJson(documentOf(resources)));
  }

  /** Changes whenever the document would. */
  hash(name: string): string {
    this.#refresh();
    const known = this.#hashes.get(name);
    if (known) return known;
    const hash = this.get(name)?.hash ?? '';
    this.#hashes.set(name, hash);
    return hash;
  }

  swagger(): Document {
    return this.#kept('v2', () => encodeJson(this.#swagger()));
  }

  /** The same as protobuf. */
  gnostic(): Document {
    return this.#kept('v2 protobuf', () => gnosticV2(this.#swagger()));
  }

  #swagger(): JsonObject {
    const resources = [...this.names().values()].flat();
    return swaggerOf({ paths: pathsOfAll(resources), schemas: definitionsOf(resources), version: serverVersion().gitVersion });
  }

  #refresh(): void {
    if (this.#generation === this.#registry.generation) return;
    this.#generation = this.#registry.generation;
    this.#made.clear();
    this.#hashes.clear();
  }

  #kept(name: string, make: () => Uint8Array): Document {
    this.#refresh();
    const known = this.#made.get(name);
    if (known) return known;
    const bytes = make();
    const document = { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
    this.#made.set(name, document);
    setTimeout(() => this.#made.delete(name), KEEP_MS).unref();
    return document;
  }
}

function documentOf(resources: readonly ResourceInfo[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion().gitVersion },
    paths: pathsOfAll(resources),
    components: {
      schemas: definitionsOf(resources),
      securitySchemes: { BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' } },
    },
  };
}

function pathsOfAll(resources: readonly ResourceInfo[]): JsonObject {
  return Object.assign({}, ...resources.map(pathsOf)) as JsonObject;
}

function definitionsOf(resources: readonly ResourceInfo[]): JsonObject {
  const definitions = new Definitions();
  definitions.addShared();
  for (const info of resources) definitions.addResource(info);
  for (const { subresources } of resources) {
    for (const { kind } of Object.values(subresources))
      if (kind) definitions.addNamed(`io.k8s.api.${kind.group.replace(/\.k8s\.io$/, '')}.${kind.version}.${kind.kind}`);
  }
  return definitions.all();
}

function versionDocument(): JsonObject {
  const schema = { type: 'object', properties: Object.fromEntries(Object.keys(serverVersion()).map((name) => [name, { type: 'string' }])) };
  const answer = { description: 'OK', content: { 'application/json': { schema } } };
  const get = {
    tags: ['version'],
    description: 'get the version information for this server',
    operationId: 'getCodeVersion',
    responses: { '200': answer },
  };
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: serverVersion().gitVersion }, paths: { '/version/': { get } } };
}

/** Registers `/openapi/v3`, the documents below it, and `/openapi/v2`. */
export function addOpenApi(table: PathTable, registry: Registry): void {
  const documents = new Documents(registry);
  table.add('/openapi/v3', () => index(documents));
  table.add('/openapi/v3/', (call, rest) => answerOf(call, documents, rest));
  table.add('/openapi/v2', (call) => swagger(call, documents));
}

/** JSON, or for older clients the protobuf form that they ask for by name. */
function swagger(call: Call, documents: Documents): Answer {
  const wanted = clauses(call.incoming.headers['accept'] ?? '').find(
    ({ type }) => type === GNOSTIC_ASKED || type === 'application/json' || type === '*/*',
  );
  if (wanted?.type !== GNOSTIC_ASKED) return whole(call, documents.swagger(), {});
  return whole(call, documents.gnostic(), { 'content-type': GNOSTIC });
}

function index(documents: Documents): Answer {
  const names = [...documents.names().keys(), 'version'];
  const paths = Object.fromEntries(names.map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${documents.hash(name)}` }]));
  return { status: 200, headers: { 'content-type': 'application/json' }, parts: [encodeJson({ paths })] };
}

function answerOf(call: Call, documents: Documents, name: string): Answer {
  const document = documents.get(name);
  if (!document) return notServed();
  const asked = call.query.get('hash');
  if (asked === null || asked === '') return whole(call, document, {});
  if (asked !== document.hash) {
    return { status: 301, headers: { location: `/openapi/v3/${name}?hash=${document.hash}` }, parts: [] };
  }
  // The name holds the content's hash, so the content never changes.
  return whole(call, document, { 'cache-control': 'public, immutable', expires: new Date(Date.now() + 365 * 86_400_000).toUTCString() });
}

function whole(call: Call, { bytes, hash }: Document, more: Readonly<Record<string, string>>): Answer {
  const etag = `"${hash}"`;
  const headers = { 'content-type': 'application/json', etag, vary: 'Accept', ...more };
  if (call.incoming.headers['if-none-match'] === etag) return { status: 304, headers, parts: [] };
  return { status: 200, headers, parts: [bytes] };
}
