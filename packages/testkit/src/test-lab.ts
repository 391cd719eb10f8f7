import { type ApiServer, createApiServer } from '@crownlabs/apiserver';
import { createClient, type KubeClient, storageClasses, type Transport } from '@crownlabs/client';
import { type KubeControllers, LOCAL_PROVISIONER, startKubeControllers } from '@crownlabs/kube-controllers';
import {
  admissionHandlers,
  type Directory,
  installManifests,
  type OperatorMetrics,
  type Operators,
  type OperatorsConfig,
  type Post,
  SINGLE_MACHINE,
  startOperators,
} from '@crownlabs/operators';
import { type Clock, type Logger, lull, type Scope, scope, silent, systemClock } from '@crownlabs/std';
import { type FakeNode, startFakeNode } from './fake-node.ts';

/** How a test lab differs from the usual one. */
export interface TestLabOptions {
  readonly config?: Partial<OperatorsConfig>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Where people are kept; everybody is known and confirmed without. */
  readonly directory?: Directory;
  readonly metrics?: OperatorMetrics;
  /** Brings notices to people; mail is off without. */
  readonly post?: Post;
  /** What lies between the operators and the API, where it is not just a call. */
  readonly between?: (transport: Transport) => Transport;
  /** The folder in which the API keeps what it stores; in memory without. */
  readonly storedIn?: string;
}

/** A whole lab in memory: the embedded API, its controllers, our operators, and a simulated node. Nothing listens, nothing is written to disk. */
export interface TestLab extends AsyncDisposable {
  readonly api: ApiServer;
  /** Acts as an administrator of the cluster. */
  readonly admin: KubeClient;
  readonly node: FakeNode;
  readonly config: OperatorsConfig;
  /** Acts as somebody whose token says this. */
  as(name: string, ...groups: string[]): KubeClient;
  /** Acts as one of our rooms. */
  room(name: string): KubeClient;
  /** Resolves when no controller has anything to do. */
  settled(): Promise<void>;
  /** Ends the operators and starts them again, as a new process would. */
  restart(): Promise<void>;
}

const SYSTEM = 'crownlabs-system';
/** Tokens of a lab end with it. */
const UNKEPT = { read: async () => undefined, write: async () => undefined };

const LOCAL_STORAGE = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: LOCAL_PROVISIONER,
  volumeBindingMode: 'Immediate',
  allowVolumeExpansion: true,
};

/** Starts a lab; dispose of it with `await using`. */
export async function startTestLab(options: TestLabOptions = {}): Promise<TestLab> {
  const owned = scope();
  try {
    return await assemble(options, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble(
  { config: changes, directory, metrics, clock = systemClock, log = silent, post, between = (it) => it, storedIn }: TestLabOptions,
  owned: Scope,
): Promise<TestLab> {
  const config: OperatorsConfig = { ...SINGLE_MACHINE, publicUrl: 'http://localhost:8080', ...changes };
  const admission = admissionHandlers({ config, clock });
  const stored = storedIn === undefined ? {} : { directory: storedIn };
  const api = owned.use(await createApiServer({ signingKey: UNKEPT, admission: { handlers: admission.byService }, clock, log, ...stored }));
  const as = (username: string, ...groups: string[]) =>
    createClient(api.transport({ username, groups: [...groups, 'system:authenticated'] }), { fieldManager: username.replaceAll(':', '-') });
  const room = (name: string) => createClient(api.transport(roomUser(name)), { fieldManager: name });
  const admin = as('administrator', 'system:masters');
  await installManifests(admin, { config });
  await admin.create(storageClasses, LOCAL_STORAGE);
  const stop = new AbortController();
  const controllers = startKubeControllers({ client: as('system:kube-controller-manager'), rootCa: '', clock, log }, stop.signal);
  const node = await startFakeNode(admin, stop.signal);
  const probe = async () => node.desktopsAnswer;
  const client = createClient(between(api.transport(roomUser('operators'))), { fieldManager: 'operators' });
  const given = { ...(directory ? { directory } : {}), ...(metrics ? { metrics } : {}), ...(post ? { post } : {}) };
  const begin = () => {
    const end = new AbortController();
    const signal = AbortSignal.any([stop.signal, end.signal]);
    return { operators: startOperators({ client, config, clock, log, admission, probe, ...given }, signal), end };
  };
  let current = begin();
  owned.defer(async () => {
    stop.abort();
    await Promise.all([controllers.stopped, current.operators.stopped]);
  });
  await current.operators.ready;
  return {
    api,
    admin,
    node,
    config,
    as,
    room,
    settled: () => settled([controllers, current.operators], () => api.store.revision),
    restart: async () => {
      current.end.abort();
      await current.operators.stopped;
      current = begin();
      await current.operators.ready;
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function roomUser(name: string) {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`, 'system:authenticated'];
  return { username: `system:serviceaccount:${SYSTEM}:${name}`, groups };
}

/** An Event waits for a moment to spare, and on a machine that has none for ten seconds: longer than that, and it has gone. */
const EVENTS_ARE_WRITTEN_MS = 11_000;

/** Watches deliver a moment after a write, so quiet counts only when it lasts, and while nobody writes. */
async function settled(running: readonly (Operators | KubeControllers)[], revision: () => number): Promise<void> {
  const deadline = Date.now() + 60_000;
  let before = -1;
  for (let quiet = 0, patience = EVENTS_ARE_WRITTEN_MS; quiet < 4; patience = 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    // Who comes after those that wait has seen them go.
    await lull(patience);
    quiet = running.every((it) => it.idle(100)) && revision() === before ? quiet + 1 : 0;
    before = revision();
    if (Date.now() > deadline) throw new Error('the lab does not come to rest');
  }
}
