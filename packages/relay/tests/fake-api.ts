import type { ApiRequest, ApiResponse, KubeObject, Transport } from '@crownlabs/client';
import { fakeDescription } from './fake-description.ts';

/** Who may do what: true allows. `name` is empty for collections. */
export type May = (user: string, ask: { verb: string; resource: string; subresource: string; namespace: string; name: string }) => boolean;

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  readonly path: string;
}

/** A small API in memory: a bearer token is the name of its user, `relay` may do everything, nobody else more than `may` says. */
export class FakeApi {
  may: May = () => false;
  readonly requests: ApiRequest[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<(change: Change) => void>();
  #revision = 0;

  transportFor = (user: string): Transport => {
    return (request) => this.#answer(user, request);
  };

  put(path: string, object: { metadata?: object; [key: string]: unknown }): KubeObject {
    this.#revision += 1;
    const [, group = '', version = '', plural = '', namespace, name = ''] = partsOf(path);
    const before = this.#objects.get(path);
    const uid = before?.metadata.uid ?? `uid-${this.#revision}`;
    const place = namespace === undefined ? { name } : { name, namespace };
    const metadata = { ...object.metadata, ...place, uid, resourceVersion: String(this.#revision) };
    const stored: KubeObject = { apiVersion: `${group}/${version}`, kind: kindOf(plural), ...object, metadata };
    this.#objects.set(path, stored);
    this.#announce({ type: before ? 'MODIFIED' : 'ADDED', object: stored, path });
    return stored;
  }

  remove(path: string): void {
    const object = this.#objects.get(path);
    if (!object) return;
    this.#revision += 1;
    this.#objects.delete(path);
    this.#announce({
      type: 'DELETED',
      object: { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } },
      path,
    });
  }

  get(path: string): KubeObject | undefined {
    return this.#objects.get(path);
  }

  all(): [string, KubeObject][] {
    return [...this.#objects];
  }

  #announce(change: Change): void {
    for (const tell of this.#watchers) tell(change);
  }

  async #answer(user: string, request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(request);
    if (user === 'nobody') return failure(401, 'Unauthorized', 'Unauthorized');
    const url = new URL(request.path, 'http://api');
    if (url.pathname === '/openapi/v3')
      return answer(200, {
        paths: Object.fromEntries(Object.keys(fakeDescription()).map((key) => [key, { serverRelativeURL: `/openapi/v3/${key}?hash=1` }])),
      });
    if (url.pathname.startsWith('/openapi/v3/')) return answer(200, fakeDescription()[url.pathname.slice('/openapi/v3/'.length)]);
    if (url.pathname.endsWith('/selfsubjectaccessreviews')) return this.#review(user, request);
    if (url.pathname === '/api/v1/nodes')
      return answer(200, {
        kind: 'NodeList',
        metadata: { resourceVersion: '1' },
        items: [{ metadata: { name: 'n1', labels: { disk: 'ssd' } } }],
      });
    return this.#object(user, request, url);
  }

  #review(user: string, request: ApiRequest): ApiResponse {
    const { spec } = JSON.parse(String(request.body));
    const { verb, resource, subresource = '', namespace = '', name = '' } = spec.resourceAttributes;
    return answer(201, {
      kind: 'SelfSubjectAccessReview',
      status: { allowed: this.may(user, { verb, resource, subresource, namespace, name }) },
    });
  }

  #object(user: string, request: ApiRequest, url: URL): ApiResponse {
    const [, , , plural = '', namespace = '', name = ''] = partsOf(url.pathname);
    const verbs = { GET: name ? 'get' : 'list', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
    const verb = verbs[request.method];
    if (user !== 'relay' && !this.may(user, { verb, resource: plural, subresource: '', namespace, name })) {
      return failure(403, 'Forbidden', `${plural} is forbidden: User "${user}" cannot ${verb} resource "${plural}"`);
    }
    if (url.searchParams.has('watch')) return this.#watch(url, request.signal);
    if (request.method === 'POST') return this.#create(url.pathname, String(request.body));
    if (!name)
      return answer(200, {
        kind: `${kindOf(plural)}List`,
        metadata: { resourceVersion: String(this.#revision) },
        items: this.#list(url.pathname, plural),
      });
    return this.#one(request, url.pathname);
  }

  #create(collection: string, text: string): ApiResponse {
    const body = JSON.parse(text);
    return answer(201, this.put(`${collection}/${body.metadata.name ?? `${body.metadata.generateName}x`}`, body));
  }

  #one(request: ApiRequest, path: string): ApiResponse {
    const object = this.#objects.get(path);
    if (request.method === 'PATCH') return this.#patch(request, path, object);
    if (!object) return failure(404, 'NotFound', `${path} not found`);
    if (request.method === 'DELETE') this.remove(path);
    return answer(200, request.method === 'DELETE' ? { kind: 'Status', status: 'Success' } : object);
  }

  #patch(request: ApiRequest, path: string, object: KubeObject | undefined): ApiResponse {
    const body = JSON.parse(String(request.body));
    if (!Array.isArray(body)) return answer(200, this.put(path, body));
    const changed = structuredClone(object) ?? {};
    for (const { op, path: pointer, value } of body) {
      const keys = String(pointer).slice(1).split('/');
      const last = keys.pop() ?? '';
      const parent = keys.reduce((at, key) => Reflect.get(at, key) ?? {}, changed);
      if (op === 'test' && Reflect.get(parent, last) !== value) return failure(422, 'Invalid', `the test of ${pointer} failed`);
      if (op !== 'test') Reflect.set(parent, last, value);
    }
    return answer(200, this.put(path, { ...changed }));
  }

  #list(collection: string, plural: string): KubeObject[] {
    const [, group, version, , namespace] = partsOf(collection);
    return [...this.#objects].flatMap(([path, object]) => {
      const [, g, v, p, ns] = partsOf(path);
      return g === group && v === version && p === plural && (namespace === undefined || ns === namespace) ? [object] : [];
    });
  }

  #watch(url: URL, signal: AbortSignal | undefined): ApiResponse {
    const [, , , plural] = partsOf(url.pathname);
    const queue: Change[] = [];
    let wake = () => undefined as void;
    const tell = (change: Change) => {
      if (partsOf(change.path)[3] === plural) queue.push(change);
      wake();
    };
    this.#watchers.add(tell);
    signal?.addEventListener('abort', () => wake());
    const watchers = this.#watchers;
    async function* body() {
      for (;;) {
        if (signal?.aborted) break;
        for (const change of queue.splice(0)) yield Buffer.from(`${JSON.stringify({ type: change.type, object: change.object })}\n`);
        await new Promise<void>((resolve) => void (wake = resolve));
      }
      watchers.delete(tell);
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: body() };
  }
}

/** [all, group, version, plural, namespace, name] */
function partsOf(path: string): (string | undefined)[] {
  return [...(/^\/apis\/([^/]+)\/([^/]+)\/(?:namespaces\/(?<ns>[^/]+)\/)?([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [])].flatMap(
    (part, index, all) => {
      if (index === 3) return [];
      return index === 4 ? [part, all[3]] : [part];
    },
  );
}

const KINDS: Record<string, string> = {
  instances: 'Instance',
  templates: 'Template',
  tenants: 'Tenant',
  workspaces: 'Workspace',
  sharedvolumes: 'SharedVolume',
  imagelists: 'ImageList',
  imagebuilds: 'ImageBuild',
};
const kindOf = (plural: string) => KINDS[plural] ?? 'CustomResourceDefinition';

function answer(status: number, body: unknown): ApiResponse {
  async function* bytes() {
    yield Buffer.from(JSON.stringify(body));
  }
  return { status, headers: { 'content-type': 'application/json' }, body: bytes() };
}

function failure(code: number, reason: string, message: string): ApiResponse {
  return answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code });
}
