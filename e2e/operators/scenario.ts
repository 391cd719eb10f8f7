import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { LABEL, type Tenant, tenantNamespace, tenants, type Workspace, workspaceNamespace, workspaces } from '@crownlabs/api';
import {
  type ApiEndpoint,
  createClient,
  httpTransport,
  type KubeClient,
  leases,
  type New,
  namespaces,
  resourceQuotas,
  storageClasses,
} from '@crownlabs/client';
import type { Directory } from '@crownlabs/operators';
import { parseOperators, type RunningOperators, startOperatorsProgram } from '@crownlabs/server/operators';
import { type Clock, type Scope, scope, silent } from '@crownlabs/std';
import { eventually, tenant, workspace } from '@crownlabs/testkit';
import { sweep } from './cleaning.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { readyControllers } from './cluster-controllers.ts';
import { removeNode, type SimulatedNode, simulateNode } from './simulated-node.ts';
import { simulateStorage } from './simulated-storage.ts';

/** How the operators of a scenario are set up; the rest is as in a cluster. */
export interface ScenarioOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly directory?: Directory;
  /** What the operators take for the time. They elect no leader then: leases do not survive a leap of days. */
  readonly clock?: Clock;
  /** The cluster to use; a scenario opens one of its own otherwise. */
  readonly cluster?: Cluster;
}

/** Our operators at work on a cluster, with names that nobody else there has. */
export interface Scenario extends AsyncDisposable {
  readonly admin: KubeClient;
  readonly node: SimulatedNode;
  /** False where the API of a given cluster cannot reach this machine, so that nobody is asked for admission. */
  readonly admission: boolean;
  /** Acts as somebody whose token says this. */
  as(name: string, ...groups: string[]): KubeClient;
  /** The name in this run. */
  named(base: string): string;
  /** Creates a Workspace and waits for its namespace; resolves to its name. */
  course(base: string, spec?: Partial<Workspace['spec']>): Promise<string>;
  /** Creates a Tenant who has just signed in and waits for the personal namespace; resolves to the name. */
  student(base: string, memberships?: Memberships, spec?: Partial<Tenant['spec']>): Promise<string>;
  /** The object, with the label by which it is ours. */
  ours<T extends New<Tenant> | New<Workspace>>(object: T): T;
  /** Resolves when the operators have nothing to do. */
  settled(): Promise<void>;
}

/** Workspace to role. */
type Memberships = Readonly<Record<string, 'manager' | 'user' | 'candidate'>>;

/** Starts a scenario; dispose of it with `await using`, and what it made is removed. */
export async function startScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const owned = scope();
  try {
    return await assemble(options, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble({ settings = {}, directory, clock, cluster: shared }: ScenarioOptions, owned: Scope): Promise<Scenario> {
  const cluster = shared ?? owned.use(await openCluster());
  const run = `s${randomBytes(3).toString('hex')}`;
  const admin = administratorOf(cluster.endpoint);
  const stop = new AbortController();
  const className = `crownlabs-${run}`;
  await admin.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: className },
    provisioner: 'scenario.crownlabs.polito.it',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  });
  const volumes = { storageClassName: className };
  const mine = { operatorSelector: run, claimsUnlabelled: false, drive: volumes, sharedVolumes: volumes, ...settings };
  const program = { cluster, run, settings: mine, admin, ...(directory ? { directory } : {}), ...(clock ? { clock } : {}) };
  const { running, admission } = await startProgram(program, stop.signal);
  if (cluster.given) await readyControllers(admin, stop.signal);
  const node = simulateNode(admin, { name: `simulated-${run}`, ours: (namespace) => namespace.endsWith(run) }, stop.signal);
  simulateStorage(admin, className, stop.signal);
  owned.defer(async () => {
    if (cluster.given) await sweep(admin, { run, className });
    stop.abort();
    await running.ended;
    if (!cluster.given) return;
    await admin.delete(leases, `crownlabs-operators-${run}`, 'crownlabs-system');
    await removeNode(admin, node.name);
  });
  return { ...acts(cluster.endpoint, admin, run, running), node, admission, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function acts(endpoint: ApiEndpoint, admin: KubeClient, run: string, running: RunningOperators) {
  const named = (base: string) => `${base}-${run}`;
  const ours = <T extends New<Tenant> | New<Workspace>>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, [LABEL.operatorSelector]: run } },
  });
  return {
    admin,
    named,
    ours,
    as: (name: string, ...groups: string[]) => clientOf(endpoint, { name, groups }),
    course: async (base: string, spec: Partial<Workspace['spec']> = {}) => {
      const name = named(base);
      await admin.create(workspaces, ours(workspace(name, spec)));
      await until(() => admin.get(namespaces, workspaceNamespace(name)));
      return name;
    },
    student: async (base: string, memberships: Memberships = {}, spec: Partial<Tenant['spec']> = {}) => {
      const name = named(base);
      await admin.create(tenants, ours(tenant(name, memberships, { lastLogin: new Date().toISOString(), ...spec })));
      await until(() => admin.get(namespaces, tenantNamespace(name)));
      await until(() => counted(admin, tenantNamespace(name)));
      return name;
    },
    settled: () => settled(running),
  };
}

/** Nothing may be made in a namespace whose quota has been set and not been counted. */
async function counted(admin: KubeClient, namespace: string): Promise<void> {
  const { spec, status } = await admin.get(resourceQuotas, 'crownlabs-resource-quota', namespace);
  const missing = Object.keys(spec?.hard ?? {}).filter((key) => !(key in (status?.used ?? {})));
  if (missing.length > 0) throw new Error(`the quota of ${namespace} does not count ${missing.join(', ')}`);
}

interface Program {
  readonly cluster: Cluster;
  readonly run: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly directory?: Directory;
  readonly clock?: Clock;
  readonly admin: KubeClient;
}

/** A given cluster may reach this machine by another address than the one it is reached by (a container's loopback is its own). */
async function startProgram(program: Program, signal: AbortSignal): Promise<{ running: RunningOperators; admission: boolean }> {
  // Certificates of days to come are none to an API whose clock stands still.
  if (program.clock) return { running: await begin(program, { register: 'none' }, signal), admission: false };
  for (const host of [undefined, ...(program.cluster.given ? ownAddresses() : [])]) {
    const end = new AbortController();
    const port = host === undefined ? 0 : await freePort();
    const running = await begin(
      program,
      host === undefined ? { port } : { port, url: `https://${host}:${port}` },
      AbortSignal.any([signal, end.signal]),
    );
    if (await isAsked(program)) return { running, admission: true };
    end.abort();
    await running.ended;
    await sweep(program.admin, { run: program.run });
  }
  return { running: await begin(program, { register: 'none' }, signal), admission: false };
}

async function begin({ cluster, run, settings, directory, clock }: Program, webhooks: object, signal: AbortSignal) {
  const leaderElection = { leaseSeconds: 3, enabled: clock === undefined };
  const running = await startOperatorsProgram(
    {
      endpoint: cluster.endpoint,
      settings: parseOperators('', { desktopProbe: 'none', metrics: { port: 0 }, leaderElection, ...settings, webhooks }),
      identity: run,
      inCluster: false,
      installCrds: true,
      log: silent,
      ...(directory ? { directory } : {}),
      ...(clock ? { clock } : {}),
    },
    signal,
  );
  await running.working;
  return running;
}

/**
 * Whether the API asks our webhooks. It hears of them a moment late, asks by their warning that it did, and refuses everything while it
 * cannot reach them.
 */
async function isAsked({ run, cluster }: Program): Promise<boolean> {
  if (!cluster.given) return true;
  const probe = tenant(`probe-${run}`);
  const body = JSON.stringify({ ...probe, metadata: { ...probe.metadata, labels: { [LABEL.operatorSelector]: run } } });
  const path = `/apis/${tenants.group}/${tenants.version}/${tenants.plural}?dryRun=All`;
  const headers = { 'content-type': 'application/json', ...speakingAs(ADMINISTRATOR) };
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const answer = await httpTransport(cluster.endpoint)({ method: 'POST', path, headers, body });
    for await (const part of answer.body) void part;
    if (answer.headers['warning']?.includes('webhook check overridden')) return true;
    if (answer.status >= 500) return false;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((it) => it ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The administrator of a cluster need not be in this group, but may speak as whoever is. */
const ADMINISTRATOR: Person = { name: 'scenario-administrator', groups: ['system:masters'] };

function administratorOf(endpoint: ApiEndpoint): KubeClient {
  return clientOf(endpoint, ADMINISTRATOR, 'administrator');
}

/** A client over TLS; `who` is impersonated, as any administrator may. */
function clientOf(endpoint: ApiEndpoint, who: Person, fieldManager = 'somebody'): KubeClient {
  const transport = httpTransport(endpoint);
  return createClient((request) => transport({ ...request, headers: { ...request.headers, ...speakingAs(who) } }), { fieldManager });
}

function speakingAs({ name, groups }: Person): Record<string, string> {
  // Node sends a list as one header line each, which is how several groups are said.
  const all = [...groups, 'system:authenticated'] as unknown as string;
  return { 'impersonate-user': name, 'impersonate-group': all };
}

/** A cluster of somebody else takes its time, above all to delete. */
const PATIENCE_MS = process.env['CROWNLABS_TEST_KUBECONFIG'] ? 120_000 : 30_000;

/** Runs `check` until it no longer throws. */
export function until<T>(check: () => T | Promise<T>, withinMs = PATIENCE_MS): Promise<T> {
  return eventually(check, withinMs);
}

/** Watches deliver a moment after a write, so quiet counts only when it lasts. */
async function settled(running: RunningOperators): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let quiet = 0; quiet < 8; ) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    quiet = running.idle(200) ? quiet + 1 : 0;
    if (Date.now() > deadline) throw new Error('the operators do not come to rest');
  }
}
