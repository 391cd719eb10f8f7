import { type Clock, LabError, type Logger, type Scope, scope, silent, systemClock } from '@crownlabs/std';
import { openStore, type Store } from '@crownlabs/store';
import { addressPool, addressText } from './admission/address-range.ts';
import { type AdmissionOptions, createAdmission } from './admission/index.ts';
import { advertise } from './advertise.ts';
import { type Authentication, createAuthentication, type KeyStorage, type OidcOptions } from './authn/index.ts';
import { type Authorization, type AuthorizationMode, bootstrapRbac, createAuthorization, SUPERUSERS } from './authz/index.ts';
import { addBackup, isSealed } from './backup.ts';
import { CrdController } from './crd/crd-controller.ts';
import { crdResource } from './crd/crd-resource.ts';
import { addDiscovery } from './discovery/discovery.ts';
import type { Handler } from './exchange.ts';
import { createHandler } from './handler.ts';
import { addHealth, type HealthCheck, StartHooks } from './health.ts';
import { type Listener, type ListenOptions, listen } from './http/listen.ts';
import type { JsonObject } from './json.ts';
import { builtInResources, SYSTEM_PRIORITY_CLASSES } from './kinds/index.ts';
import type { Kubelet } from './kubelet.ts';
import type { LocalGroup } from './local-group.ts';
import { servedPaths } from './local-paths.ts';
import { addMetrics } from './metrics.ts';
import { addOpenApi } from './openapi/openapi.ts';
import { PathTable } from './paths.ts';
import type { Api } from './pipeline.ts';
import { createRegistry, type Registry } from './registry.ts';
import { Routes } from './routes.ts';
import { Objects } from './storage/objects.ts';
import { Kubelets } from './streams/kubelets.ts';
import { podStreams } from './streams/pod-streams.ts';
import { upgrades } from './streams/upgrades.ts';
import { type InProcessTransport, inProcess } from './transport.ts';
import type { UserInfo } from './user.ts';
import { jsonAnswer } from './verbs/answer.ts';
import { WatchHub } from './verbs/watch-hub.ts';
import { addVersion } from './version.ts';
import { requestWriter } from './writer.ts';

/** What an API server is made of. Only the signing key is required: without `directory` it lives in memory. */
export interface ApiServerOptions {
  /** Where the log is kept; absent: in memory, gone with the server. */
  readonly directory?: string;
  /** An open store instead; it is not closed with the server. */
  readonly store?: Store;
  /** 32 bytes, kept outside the data directory's database: seals Secrets on disk. */
  readonly sealKey?: Uint8Array;
  readonly signingKey: KeyStorage;
  /** Default `https://kubernetes.default.svc`. */
  readonly serviceAccountIssuer?: string;
  /** Text of a static token file: `token,user,uid,"group,group"`. */
  readonly tokenFile?: string;
  readonly oidc?: readonly OidcOptions[];
  readonly authorizationMode?: AuthorizationMode;
  readonly admission?: Partial<Pick<AdmissionOptions, 'services' | 'podSecurity' | 'without' | 'handlers' | 'post'>>;
  readonly localGroups?: readonly LocalGroup[];
  /** What others of this process count, in the text form of Prometheus: told at /metrics beside our own. */
  readonly moreMetrics?: () => Promise<string>;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** A running Kubernetes API. */
export interface ApiServer extends AsyncDisposable {
  /** Requests without a socket: as `user`, or as whoever the `authorization` header proves. */
  transport(user?: UserInfo): InProcessTransport;
  listen(options: ListenOptions): Promise<Listener>;
  /** Streams of pods on `nodeName` go to `kubelet`. Returns the way to take it back. */
  registerKubelet(nodeName: string, kubelet: Kubelet): () => void;
  readonly registry: Registry;
  /** The log below, for backup. */
  readonly store: Store;
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc';
const DEFAULT_SERVICES = { cidr: '10.0.0.0/24' };

/** Who the API server is to itself. */
const SELF: UserInfo = { username: 'system:apiserver', groups: [SUPERUSERS, 'system:authenticated'] };

/** Starts an API server: its objects are readable, its default roles exist, its CRDs are served. Nothing listens yet. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const owned = scope();
  try {
    return await start(options, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function start(options: ApiServerOptions, owned: Scope): Promise<ApiServer> {
  const { clock = systemClock, log = silent, localGroups = [] } = options;
  const store = options.store ?? owned.use(await openStore(storeOptions(options, clock)));
  const registry = createRegistry();
  registry.set(
    'built-in',
    builtInResources().map((one) => (one.plural === 'customresourcedefinitions' ? crdResource(one) : one)),
  );
  const objects = new Objects(store, registry);
  const { api, authentication } = await createApi(options, { owned, objects, registry, clock, log });
  const hub = new WatchHub(objects, registry);
  owned.defer(() => hub.close());
  const kubelets = new Kubelets();
  const routes = new Routes(hub);
  podStreams(routes, kubelets);
  const hooks = new StartHooks();
  const table = pathTable(api, authentication, { hub, localGroups, directory: options.directory, moreMetrics: options.moreMetrics });
  const handler = createHandler(api, routes, servedPaths(table, localGroups));
  const ending = bootstrapHealth(table, store, hooks);
  owned.defer(ending);
  await bootstrap(api, handler, { owned, hooks });
  const upgrade = upgrades(api, kubelets, localGroups);
  return {
    registry,
    store,
    transport: (user) => inProcess(handler, user),
    listen: async (where) => {
      const listener = owned.use(await listen(where, handler, upgrade, log));
      await advertise(requestWriter(inProcess(handler, SELF)), api.objects.reader(), { listener, clusterIp: firstServiceIp(options), log });
      return listener;
    },
    registerKubelet: (nodeName, kubelet) => kubelets.register(nodeName, kubelet),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function storeOptions({ directory, sealKey }: ApiServerOptions, clock: Clock): Parameters<typeof openStore>[0] {
  return {
    clock,
    ...(directory === undefined ? {} : { directory }),
    ...(sealKey === undefined ? {} : { seal: { key: sealKey, covers: isSealed } }),
  };
}

interface Parts {
  readonly owned: Scope;
  readonly objects: Objects;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Puts authentication, authorization and admission over the objects. */
async function createApi(options: ApiServerOptions, parts: Parts): Promise<{ api: Api; authentication: Authentication }> {
  const { owned, objects, registry, clock, log } = parts;
  const reader = objects.reader();
  const authentication = await createAuthentication({
    reader,
    clock,
    log,
    serviceAccountIssuer: options.serviceAccountIssuer ?? DEFAULT_ISSUER,
    signingKey: options.signingKey,
    ...(options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile }),
    ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
  });
  const authorization = owned.use(createAuthorization(reader, options.authorizationMode ?? 'RBAC'));
  const admission = owned.use(
    createAdmission({
      reader,
      registry,
      first: [authorization.plugin],
      services: DEFAULT_SERVICES,
      ...options.admission,
      authorizer: authorization.authorizer,
    }),
  );
  const { authenticate } = authentication;
  const { authorizer } = authorization;
  return {
    api: { objects, registry, authenticate, authorizer, admission, virtual: virtualHandlers(authentication, authorization), clock, log },
    authentication,
  };
}

function virtualHandlers(authentication: Authentication, authorization: Authorization): Api['virtual'] {
  const handlers = [...authentication.handlers, ...authorization.reviews];
  return new Map(handlers.map((one) => [one.resource.includes('/') ? `/${one.resource}` : `${one.group}/${one.resource}`, one]));
}

interface PathParts {
  readonly hub: WatchHub;
  readonly localGroups: readonly LocalGroup[];
  readonly directory: string | undefined;
  readonly moreMetrics: (() => Promise<string>) | undefined;
}

function pathTable(api: Api, { issuer }: Authentication, { hub, localGroups, directory, moreMetrics }: PathParts): PathTable {
  const table = new PathTable();
  table.add('/', () => jsonAnswer(200, { paths: listedPaths(table, api.registry) }));
  addVersion(table);
  addDiscovery(table, api.registry, localGroups);
  addOpenApi(table, api.registry);
  addMetrics(table, api, { hub, more: moreMetrics });
  addBackup(table, api.objects.store, directory);
  table.add('/.well-known/openid-configuration', () => jsonAnswer(200, issuer.discovery));
  table.add('/openid/v1/jwks', () => jsonAnswer(200, issuer.jwks, { 'content-type': 'application/jwk-set+json' }));
  return table;
}

function listedPaths(table: PathTable, registry: Registry): string[] {
  const versions = new Set(registry.all().map(({ group, version }) => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`)));
  const groups = new Set(registry.all().flatMap(({ group }) => (group === '' ? [] : [`/apis/${group}`])));
  return [...new Set([...table.paths(), ...groups, ...versions])].toSorted();
}

/** Registers the checks of the server's health under kube-apiserver's names. Call what is returned when it begins to end. */
function bootstrapHealth(table: PathTable, store: Store, hooks: StartHooks): () => void {
  let ending = false;
  const etcd = { name: 'etcd', check: () => store.demandWritable() };
  const live: HealthCheck[] = [
    { name: 'ping', check: () => undefined },
    { name: 'log', check: () => undefined },
    etcd,
    ...HOOKS.map((name) => hooks.announce(name)),
  ];
  const shutdown = {
    name: 'shutdown',
    check: () => {
      if (ending) throw new LabError('ServiceUnavailable', 'process is shutting down');
    },
  };
  addHealth(table, live, [{ ...etcd, name: 'etcd-readiness' }, shutdown]);
  return () => {
    ending = true;
  };
}

const HOOKS = [
  'crd-informer-synced',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'start-system-namespaces-controller',
] as const;

function firstServiceIp({ admission }: ApiServerOptions): string {
  return addressText(addressPool(admission?.services?.cidr ?? DEFAULT_SERVICES.cidr).first);
}

/** Makes the objects that every cluster has, and begins to serve CRDs. */
async function bootstrap(api: Api, handler: Handler, { owned, hooks }: { owned: Scope; hooks: StartHooks }): Promise<void> {
  const writer = requestWriter(inProcess(handler, SELF));
  const crds = new CrdController(api, writer);
  owned.defer(() => crds.close());
  await crds.start();
  hooks.done('crd-informer-synced');
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  await bootstrapRbac({
    find: async (plural, name) => api.objects.reader().get({ group: 'rbac.authorization.k8s.io', plural }, name),
    create: (plural, body) => writer.send({ method: 'POST', path: `${roles}/${plural}`, body }),
    replace: (plural, body) => writer.send({ method: 'PUT', path: `${roles}/${plural}/${nameOf(body)}`, body }),
  });
  hooks.done('rbac/bootstrap-roles');
  for (const { name, value, description } of SYSTEM_PRIORITY_CLASSES) {
    if (api.objects.reader().get({ group: 'scheduling.k8s.io', plural: 'priorityclasses' }, name)) continue;
    const body = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description };
    await writer.send({ method: 'POST', path: '/apis/scheduling.k8s.io/v1/priorityclasses', body });
  }
  hooks.done('scheduling/bootstrap-system-priority-classes');
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    if (api.objects.reader().get({ group: '', plural: 'namespaces' }, name)) continue;
    await writer.send({ method: 'POST', path: '/api/v1/namespaces', body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } });
  }
  hooks.done('start-system-namespaces-controller');
}

function nameOf(object: JsonObject): string {
  const metadata = object['metadata'] as { name?: string } | undefined;
  return metadata?.name ?? '';
}
