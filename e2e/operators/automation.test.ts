import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { ANNOTATION, type Instance, instances, LABEL, type Template, templates, tenantNamespace, workspaceNamespace } from '@crownlabs/api';
import { jobs, namespaces } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import { environment, instance, type MailServer, movingClock, startMailServer, template } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, openCluster } from './cluster.ts';
import { type Scenario, startScenario, until } from './scenario.ts';

// What happens by itself, by a clock with a hand on it, metrics that the tests say, and a mail server that keeps what it gets.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DISK = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
const clock = movingClock();

let cluster: Cluster;
let lab: Scenario;
let course: string;
let mail: MailServer;
let examiner: Awaited<ReturnType<typeof webServer>>;
let prometheus: Awaited<ReturnType<typeof webServer>>;
beforeAll(async () => {
  cluster = await openCluster();
  mail = await startMailServer();
  examiner = await webServer((_request, response) => response.writeHead(exam.status).end(exam.body));
  prometheus = await webServer(metrics);
  lab = await startScenario({
    cluster,
    clock,
    settings: {
      drive: false,
      keepStopped: '1s',
      namespaceKeepAlive: 'forever',
      mail: { host: '127.0.0.1', port: mail.port, security: 'none', from: 'CrownLabs <lab@example.org>' },
      automation: { reachable: ['127.0.0.1'], prometheus: { url: prometheus.url } },
    },
  });
  course = await lab.course('automation');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await mail?.[Symbol.asyncDispose]();
  for (const it of [examiner, prometheus]) it?.server.close();
});

async function webServer(answer: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

/** What the system of the exam says. */
const exam = { status: 200, body: '{}' };

/** When somebody's requests passed the ingress last, by namespace. */
const passed = new Map<string, number>();

/** A Prometheus that knows one metric: the counter of the ingress goes up when somebody is served. */
const metrics: RequestListener = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://prometheus');
  const query = searchParams.get('query') ?? '';
  const at = [...passed].find(([namespace]) => query.includes(`exported_namespace="${namespace}"`))?.[1] ?? 0;
  const known = pathname === '/api/v1/query' && query.includes('nginx_ingress_controller_requests');
  const inRange = at / 1000 > Number(searchParams.get('start')) && at / 1000 <= Number(searchParams.get('end'));
  const values = [
    [at / 1000 - 30, '1'],
    [at / 1000, '2'],
  ];
  const result = known ? [{ value: [0, '1'] }] : pathname === '/api/v1/query_range' && inRange ? [{ values }] : [];
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'success', data: { result } }));
};

interface Place {
  readonly owner: string;
  readonly namespace: string;
}

type Cleanup = Partial<Template['spec']['cleanup']>;

interface Wish {
  readonly cleanup?: Cleanup;
  readonly persistent?: boolean;
  /** How many warnings, where the template has its own number. */
  readonly alerts?: string;
  readonly spec?: Partial<Instance['spec']>;
}

/** A student with an instance that is Ready. */
async function desk(base: string, { cleanup = {}, persistent = true, alerts, spec = {} }: Wish): Promise<Place> {
  const owner = await lab.student(base, { [course]: 'user' });
  const at = { owner, namespace: tenantNamespace(owner) };
  const made = template(course, base, [environment('desktop', persistent ? DISK : {})]);
  await lab.admin.create(templates, {
    ...made,
    metadata: { ...made.metadata, ...(alerts === undefined ? {} : { annotations: { [ANNOTATION.customNumberAlerts]: alerts } }) },
    spec: { ...made.spec, cleanup: { ...made.spec.cleanup, ...cleanup } },
  });
  await lab.admin.create(instances, instance(owner, 'mine', { workspace: course, template: base }, spec));
  await until(async () => expect((await mine(at))?.status?.phase).toBe('Ready'));
  await lab.settled();
  return at;
}

const mine = ({ namespace }: Place) => lab.admin.find(instances, 'mine', namespace);
const running = async (at: Place) => (await mine(at))?.spec.running;
const mailsTo = ({ owner }: Place) => mail.mails.filter((it) => it.includes(`<${owner}@example.org>`));
/** By their subjects, so that a mail too many is seen for what it is. */
const subjects = (at: Place) => mailsTo(at).map((it) => /^Subject: (.*)$/m.exec(it)?.[1]);
const mailed = (at: Place, count: number) => until(() => expect(subjects(at)).toHaveLength(count));
const gone = (at: Place) => until(async () => expect(await mine(at)).toBeUndefined());

/** Lets time go by, and does what an appointment would do: it brings the instance to mind. */
async function after(at: Place, ms: number): Promise<void> {
  clock.pass(ms);
  const annotations = { 'test/poke': String(clock.now()) };
  if (await mine(at)) await lab.admin.patch(instances, 'mine', at.namespace, { metadata: { annotations } });
  await lab.settled();
}

test('scenario 19: whoever does not use an instance is warned once an interval, then it stops; use that metrics show puts that off', async () => {
  const at = await desk('unused', { cleanup: { stopAfterInactivity: '2h' } });
  await after(at, HOUR);
  passed.set(at.namespace, clock.now());
  await after(at, 1.5 * HOUR);
  expect(subjects(at)).toEqual([]);
  await after(at, HOUR);
  await mailed(at, 1);
  await after(at, 20 * HOUR);
  expect(subjects(at)).toHaveLength(1);
  await after(at, 5 * HOUR);
  await mailed(at, 2);
  await after(at, DAY + HOUR);
  await mailed(at, 3);
  expect(await running(at)).toBe(true);
  await after(at, DAY + HOUR);
  await until(async () => expect(await running(at)).toBe(false));
  await mailed(at, 4);
  await after(at, 5 * DAY);
  expect(subjects(at)).toHaveLength(4);
});

test('scenario 19: a template has its own number of warnings, and what has no disk is deleted', async () => {
  const at = await desk('once', { cleanup: { stopAfterInactivity: '1h' }, persistent: false, alerts: '1' });
  await after(at, 1.1 * HOUR);
  await mailed(at, 1);
  expect(await running(at)).toBe(true);
  await after(at, DAY + HOUR);
  await gone(at);
  await mailed(at, 2);
});

test('scenario 19: without warnings it is done at its time, but in namespaces that are exempt', async () => {
  const at = await desk('exempt', { cleanup: { stopAfterInactivity: '1h' }, alerts: '0' });
  const label = (name: string, value: string | null) =>
    lab.admin.patch(namespaces, at.namespace, undefined, { metadata: { labels: { [name]: value } } });
  await label(LABEL.inactivityIgnore, 'true');
  await label(LABEL.expirationIgnore, 'true');
  await lab.settled();
  // From the cluster's clock on, which the operators' is ahead of: it is old at once.
  await lab.admin.patch(templates, 'exempt', workspaceNamespace(course), { spec: { cleanup: { deleteAfterCreation: '2h' } } });
  await lab.settled();
  await after(at, 3 * HOUR);
  expect(await running(at)).toBe(true);
  expect(subjects(at)).toEqual([]);
  await label(LABEL.inactivityIgnore, null);
  await until(async () => expect(await running(at)).toBe(false));
  expect(await mine(at)).toBeDefined();
  await label(LABEL.expirationIgnore, null);
  await until(() => expect(subjects(at)).toHaveLength(2));
});

test('scenario 19: a stopped instance is warned of and deleted by counters of its own', async () => {
  const at = await desk('stopped', { cleanup: { deleteAfterInactivity: '2d' } });
  await lab.admin.patch(instances, 'mine', at.namespace, { spec: { running: false } });
  await until(async () => expect((await mine(at))?.metadata.annotations).toHaveProperty([ANNOTATION.lastPoweredOff]));
  await lab.settled();
  await after(at, DAY);
  expect(subjects(at)).toEqual([]);
  for (const count of [1, 2, 3]) {
    await after(at, DAY + HOUR);
    await mailed(at, count);
  }
  expect((await mine(at))?.metadata.annotations).toMatchObject({ [ANNOTATION.destructionAlertsSent]: '3' });
  await after(at, DAY + HOUR);
  await gone(at);
  await mailed(at, 4);
});

test('scenario 19: an instance expires: one warning, an interval, and a last word', async () => {
  const at = await desk('old', { cleanup: { deleteAfterCreation: '7d' } });
  // The clock of the operators is ahead of the cluster's by what earlier scenarios let go by.
  const age = clock.now() - Date.parse((await mine(at))?.metadata.creationTimestamp ?? '');
  if (age < 7 * DAY) await after(at, 7 * DAY - age + HOUR);
  await mailed(at, 1);
  expect(await mine(at)).toBeDefined();
  await after(at, DAY + HOUR);
  await gone(at);
  await mailed(at, 2);
});

test('scenario 20: an exam goes on while its system says 200; at 404 it ends, and the work is handed in once', async () => {
  exam.body = JSON.stringify({ error: '', deadline: rfc3339(clock.now() + HOUR), idnumber: 's123456' });
  const contentUrls = { desktop: { destination: 'https://hand-in.invalid/' } };
  const at = await desk('exam', { spec: { statusCheckUrl: `${examiner.url}/status`, contentUrls } });
  const automation = async () => (await mine(at))?.status?.environments?.[0]?.automation ?? {};
  await until(async () => expect(await automation()).toHaveProperty('lastCheckTime'));
  expect((await mine(at))?.metadata.labels).toMatchObject({ [LABEL.watchForTermination]: 'true' });
  expect(await running(at)).toBe(true);
  exam.status = 404;
  await after(at, 121_000);
  await until(async () =>
    expect((await mine(at))?.metadata.labels).toMatchObject({
      [LABEL.watchForTermination]: 'false',
      [LABEL.environmentName]: 'desktop',
      [LABEL.submissionRequested]: 'false',
      [LABEL.submissionCompleted]: 'true',
    }),
  );
  expect(await running(at)).toBe(false);
  expect(await automation()).toHaveProperty('submissionTime');
  const handedIn = (await lab.admin.list(jobs, { namespace: at.namespace })).items;
  expect(handedIn.map(({ metadata }) => metadata.name)).toEqual(['mine-desktop-submitter']);
  expect(handedIn[0]?.spec?.template.spec?.containers[0]).toMatchObject({ name: 'content-uploader', args: ['upload'] });
});
