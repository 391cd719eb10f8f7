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
  storageClasses,
} from '@crownlabs/client';
import type { Directory } from '@crownlabs/operators';
import { parseOperators, type RunningOperators, startOperatorsProgram } from '@crownlabs/server/operators';
import { hasCode, messageOf, type Scope, scope, silent } from '@crownlabs/std';
import { eventually, tenant, workspace } from '@crownlabs/testkit';
import { sweep } from './cleaning.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { type SimulatedNode, simulateNode } from './simulated-node.ts';
import { simulateStorage } from './simulated-storage.ts';

/** How the operators of a scenario are set up; the rest is as in a cluster. */
export interface ScenarioOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly directory?: Directory;
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

async function assemble({ settings = {}, directory, cluster: shared }: ScenarioOptions, owned: Scope): Promise<Scenario> {
  const cluster = shared ?? owned.use(await openCluster());
  const run = `s${randomBytes(3).toString('hex')}`;
  const admin = clientOf(cluster.endpoint);
  const stop = new AbortController();
  const className = `crownlabs-${run}`;
  await admin.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: className },
    provisioner: 'scenario.crownlabs.polito.it',
    volumeBindingMode: 'Immediate',
  });
  const mine = { operatorSelector: run, claimsUnlabelled: false, drive: { storageClassName: className }, ...settings };
  const program = { cluster, run, settings: mine, admin, ...(directory ? { directory } : {}) };
  const { running, admission } = await startProgram(program, stop.signal);
  const node = simulateNode(admin, (namespace) => namespace.endsWith(run), stop.signal);
  simulateStorage(admin, className, stop.signal);
  owned.defer(async () => {
    if (cluster.given) await sweep(admin, { run, className });
    stop.abort();
    await running.ended;
    if (cluster.given) await admin.delete(leases, `crownlabs-operators-${run}`, 'crownlabs-system');
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
      return name;
    },
    settled: () => settled(running),
  };
}

interface Program {
  readonly cluster: Cluster;
  readonly run: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly directory?: Directory;
  readonly admin: KubeClient;
}

/** A given cluster may reach this machine by another address than the one it is reached by (a container's loopback is its own). */
async function startProgram(program: Program, signal: AbortSignal): Promise<{ running: RunningOperators; admission: boolean }> {
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

async function begin({ cluster, run, settings, directory }: Program, webhooks: object, signal: AbortSignal) {
  const leaderElection = { leaseSeconds: 3 };
  const running = await startOperatorsProgram(
    {
      endpoint: cluster.endpoint,
      settings: parseOperators('', { desktopProbe: 'none', metrics: { port: 0 }, leaderElection, ...settings, webhooks }),
      identity: run,
      inCluster: false,
      installCrds: true,
      log: silent,
      ...(directory ? { directory } : {}),
    },
    signal,
  );
  await running.working;
  return running;
}

/** Whether the API asks our webhooks: it refuses everything while it cannot. */
async function isAsked({ admin, run, cluster }: Program): Promise<boolean> {
  if (!cluster.given) return true;
  const probe = tenant(`probe-${run}`);
  const labelled = { ...probe, metadata: { ...probe.metadata, labels: { [LABEL.operatorSelector]: run } } };
  try {
    await admin.create(tenants, labelled, { dryRun: true });
    return true;
  } catch (error) {
    if (hasCode(error, 'InternalError') || messageOf(error).includes('failed calling webhook')) return false;
    throw error;
  }
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

/** A client over TLS; `who` is impersonated, as any administrator may. */
function clientOf(endpoint: ApiEndpoint, who?: { readonly name: string; readonly groups: readonly string[] }): KubeClient {
  const transport = httpTransport(endpoint);
  if (!who) return createClient(transport, { fieldManager: 'administrator' });
  // Node sends a list as one header line each, which is how several groups are said.
  const groups = [...who.groups, 'system:authenticated'] as unknown as string;
  const asking = { 'impersonate-user': who.name, 'impersonate-group': groups };
  return createClient((request) => transport({ ...request, headers: { ...request.headers, ...asking } }), { fieldManager: 'somebody' });
}

/** Runs `check` until it no longer throws: a cluster of somebody else may be slow. */
export function until<T>(check: () => T | Promise<T>, withinMs = 30_000): Promise<T> {
  return eventually(check, withinMs);
}

/** Watches deliver a moment after a write, so quiet counts only when it lasts. */
async function settled(running: RunningOperators): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (let quiet = 0; quiet < 8; ) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    quiet = running.idle(200) ? quiet + 1 : 0;
    if (Date.now() > deadline) throw new Error('the operators do not come to rest');
  }
}
