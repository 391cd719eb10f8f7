import { createHash } from 'node:crypto';
import { encodeJson } from '../codec/json-print.ts';
import { clauses, documentFormat } from '../codec/negotiate.ts';
import type { Answer } from '../exchange.ts';
import type { JsonObject } from '../json.ts';
import type { LocalGroup } from '../local-group.ts';
import { notServed } from '../not-served.ts';
import type { PathTable } from '../paths.ts';
import type { Call } from '../pipeline.ts';
import type { Registry } from '../registry.ts';
import { formatted } from '../verbs/answer.ts';
import { aggregated } from './aggregated.ts';
import { type ServedGroup, servedGroups } from './groups.ts';
import { apiGroup, apiGroupList, apiResourceList } from './plain.ts';

const AGGREGATED = ['v2', 'v2beta1'];

/** Discovery documents, made when first asked for after a change. */
class DiscoveryDocuments {
  readonly #registry: Registry;
  readonly #locals: readonly LocalGroup[];
  #generation = -1;
  #groups: readonly ServedGroup[] = [];
  #cache = new Map<string, { bytes: Uint8Array; etag: string }>();

  constructor(registry: Registry, locals: readonly LocalGroup[]) {
    this.#registry = registry;
    this.#locals = locals;
  }

  groups(): readonly ServedGroup[] {
    if (this.#generation !== this.#registry.generation) {
      this.#generation = this.#registry.generation;
      this.#groups = servedGroups(this.#registry, this.#locals);
      this.#cache = new Map();
    }
    return this.#groups;
  }

  find(name: string): ServedGroup | undefined {
    return this.groups().find((one) => one.name === name);
  }

  document(key: string, make: (groups: readonly ServedGroup[]) => JsonObject): { bytes: Uint8Array; etag: string } {
    const groups = this.groups();
    let document = this.#cache.get(key);
    if (!document) {
      const bytes = encodeJson(make(groups));
      document = { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"` };
      this.#cache.set(key, document);
    }
    return document;
  }
}

/** Registers `/api`, `/apis` and what is below them. */
export function addDiscovery(table: PathTable, registry: Registry, locals: readonly LocalGroup[]): void {
  const documents = new DiscoveryDocuments(registry, locals);
  table.add('/api', (call) => root(call, documents, 'core'));
  table.add('/apis', (call) => root(call, documents, 'groups'));
  table.add('/api/', (call, rest) => versionList(call, documents, '', rest));
  table.add('/apis/', (call, rest) => {
    const [group = '', version] = rest.split('/').filter((part) => part !== '');
    if (version !== undefined) return versionList(call, documents, group, version);
    const served = documents.find(group);
    if (!served) return notServed();
    return formatted({ format: documentFormat(call.incoming.headers['accept']) }, apiGroup(served));
  });
}

function root(call: Call, documents: DiscoveryDocuments, which: 'core' | 'groups'): Answer {
  const version = aggregatedVersion(call.incoming.headers['accept']);
  if (version !== undefined) return aggregatedAnswer(call, documents, which, version);
  const format = documentFormat(call.incoming.headers['accept']);
  if (which === 'core') {
    const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress: call.incoming.headers['host'] ?? '' }];
    return formatted({ format }, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: addresses });
  }
  if (format === 'yaml') return formatted({ format }, apiGroupList(documents.groups()));
  return { status: 200, headers: { 'content-type': 'application/json' }, parts: [documents.document('/apis', apiGroupList).bytes] };
}

function aggregatedVersion(accept: string | undefined): string | undefined {
  if (accept === undefined || !accept.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of clauses(accept)) {
    const version = parameters.get('v') ?? '';
    if (type !== 'application/json') continue;
    if (!parameters.has('as')) return undefined;
    const asked = parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
    if (asked && AGGREGATED.includes(version)) return version;
  }
  return undefined;
}

function aggregatedAnswer(call: Call, documents: DiscoveryDocuments, which: 'core' | 'groups', version: string): Answer {
  const { bytes, etag } = documents.document(`${which} ${version}`, (groups) =>
    aggregated(
      groups.filter((one) => (one.name === '') === (which === 'core')),
      version,
    ),
  );
  const headers = {
    'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    'cache-control': 'public',
    vary: 'Accept',
    etag,
  };
  const unchanged = call.incoming.headers['if-none-match'] === etag;
  return { status: unchanged ? 304 : 200, headers, parts: unchanged ? [] : [bytes] };
}

function versionList(call: Call, documents: DiscoveryDocuments, group: string, version: string): Answer {
  const served = documents.find(group)?.versions.find((one) => one.version === version.replace(/\/$/, ''));
  if (!served) return notServed();
  const format = documentFormat(call.incoming.headers['accept']);
  if (format === 'yaml') return formatted({ format }, apiResourceList(group, served));
  const { bytes } = documents.document(`${group}/${version}`, () => apiResourceList(group, served));
  return { status: 200, headers: { 'content-type': 'application/json' }, parts: [bytes] };
}
