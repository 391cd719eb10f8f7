import { type ApiEndpoint, createClient, httpTransport, type KubeClient, limitedTransport, observedTransport } from '@crownlabs/client';
import { admissionHandlers, type Directory, installKinds, installWhatIsAllowed, watchLab } from '@crownlabs/operators';
import { type Clock, LabError, type Logger, type Scope, scope, systemClock } from '@crownlabs/std';
import { z } from 'zod';
import { postFrom } from '../automation/from-settings.ts';
import { directoryOf } from './directory.ts';
import { type ProgramMetrics, programMetrics } from './metrics.ts';
import { addressTowards, desktopProbe } from './reaching.ts';
import { Replica, type RunningOperators } from './replica.ts';
import { type OperatorsSettings, operatorsConfig } from './settings.ts';
import { tell } from './telling.ts';
import { programWebhooks } from './webhooks.ts';

/** What `crownlabs operators` runs with. */
export interface OperatorsProgram {
  readonly endpoint: ApiEndpoint;
  readonly settings: OperatorsSettings;
  /** Who this replica is among the others. */
  readonly identity: string;
  readonly inCluster: boolean;
  /** Install the kinds first. */
  readonly installCrds: boolean;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly directory?: Directory;
}

const SelfSubjectReview = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

/** The oldest version that has what we use: conditions of webhooks became stable with it. */
const OLDEST_MINOR = 30;

/** Runs the operators against any Kubernetes until `signal` aborts; resolves when this replica has begun. */
export async function startOperatorsProgram(program: OperatorsProgram, signal: AbortSignal): Promise<RunningOperators> {
  const metrics = programMetrics();
  const client = clientOf(program, metrics);
  await prepare(client, program);
  const owned = scope();
  try {
    return await begin({ program, client, metrics, owned }, signal);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

function clientOf({ endpoint, settings: { api } }: OperatorsProgram, metrics: ProgramMetrics): KubeClient {
  const seen = observedTransport(httpTransport(endpoint), metrics.asked);
  const transport = api.qps === 0 ? seen : limitedTransport(seen, { perSecond: api.qps, burst: api.burst });
  return createClient(transport, { fieldManager: 'operators', userAgent: 'crownlabs-operators' });
}

/** What must be there before the first watch. */
async function prepare(client: KubeClient, { installCrds, log }: OperatorsProgram): Promise<void> {
  await requireVersion(client);
  if (installCrds) await installKinds(client);
  if (!(await hasKinds(client))) {
    const help = 'Run `crownlabs crds | kubectl apply -f -`, or start with --install-crds.';
    throw new LabError('NotFound', `The kinds of CrownLabs are not installed in this cluster. ${help}`);
  }
  const refused = await installWhatIsAllowed(client);
  if (refused.length > 0) log.info('Some manifests are left to whoever installed them', { count: refused.length, first: refused[0] });
}

async function requireVersion(client: KubeClient): Promise<void> {
  const said = await client.raw('GET', '/version');
  const version = typeof said === 'object' && said !== null ? new Map<string, unknown>(Object.entries(said)) : new Map<string, unknown>();
  const [major, minor] = [String(version.get('major')), String(version.get('minor'))];
  if (major === '1' && Number.parseInt(minor, 10) < OLDEST_MINOR)
    throw new LabError('Invalid', `Kubernetes 1.${OLDEST_MINOR} or newer is needed; this is ${major}.${minor}.`);
}

async function hasKinds(client: KubeClient): Promise<boolean> {
  const found = await client.raw('GET', '/apis/crownlabs.polito.it').catch(() => undefined);
  return found !== undefined;
}

/** The user that the API takes us for. */
async function whoWeAre(client: KubeClient): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await client.raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
  return SelfSubjectReview.safeParse(answer).data?.status.userInfo.username;
}

interface Parts {
  readonly program: OperatorsProgram;
  readonly client: KubeClient;
  readonly metrics: ProgramMetrics;
  readonly owned: Scope;
}

async function begin({ program, client, metrics, owned }: Parts, signal: AbortSignal): Promise<RunningOperators> {
  const { settings, endpoint, inCluster, log, clock = systemClock, directory, identity } = program;
  const config = operatorsConfig(settings);
  const handlers = admissionHandlers({ config, clock, self: await whoWeAre(client) });
  const end = new AbortController();
  const stop = AbortSignal.any([signal, end.signal]);
  const how = settings.desktopProbe === 'auto' ? (inCluster ? 'direct' : 'portforward') : settings.desktopProbe;
  const probe = desktopProbe(how, endpoint, clock);
  const post = await postFrom(settings.mail, { publicURL: config.publicUrl, linkKey: undefined, clock });
  const people = directory ?? directoryOf(settings, { clock, log });
  const counted = { client, config, clock, log, probe, admission: handlers, metrics: metrics.operators, ...post };
  const lab = watchLab({ ...counted, ...(people ? { directory: people } : {}) }, stop);
  metrics.countFrom(lab.counts);
  const host = () => addressTowards(endpoint);
  const webhooks = programWebhooks({ client, settings, config, handlers, host, inCluster, metrics, clock, log });
  if (webhooks) owned.use(webhooks);
  const replica = new Replica({ client, settings, identity, lab, webhooks, metrics, clock, log });
  const unready = () => replica.unready();
  const page = owned.use(await tell({ ...settings.metrics, registry: metrics.registry, unready, unwell: () => undefined }));
  const ended = runToTheEnd(replica, stop, async () => {
    end.abort();
    await owned[Symbol.asyncDispose]();
  });
  // Whoever waits for the end hears of it; nobody has to.
  ended.catch(() => undefined);
  const { working } = replica;
  return { working, metricsPort: page.port, webhooks: () => webhooks?.address, idle: (withinMs) => replica.idle(withinMs), ended };
}

async function runToTheEnd(replica: Replica, signal: AbortSignal, close: () => Promise<void>): Promise<void> {
  try {
    await replica.run(signal);
  } finally {
    await close();
  }
}
