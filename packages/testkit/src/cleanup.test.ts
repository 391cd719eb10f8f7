import { type Instance, instances, type Template, templates, tenants, USE_NAMESPACE, workspaces } from '@crownlabs/api';
import { leases, namespaces } from '@crownlabs/client';
import { AUTOMATION, type Notice, type OperatorsConfig, startOperators } from '@crownlabs/operators';
import { LabError, silent } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { movingClock } from './moving-clock.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PERSISTENT = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
const KEY = (name: string) => `crownlabs.polito.it/${name}`;

type Cleanup = Partial<Template['spec']['cleanup']>;

/** A mailbox that can be shut. */
function mailbox() {
  const sent: Notice[] = [];
  const box = {
    sent,
    shut: false,
    refuses: false,
    names: () => sent.map(({ name }) => name),
    deliver: async (notice: Notice) => {
      if (box.shut) throw new LabError('ServiceUnavailable', 'the mail server does not answer');
      if (box.refuses) return 'refused' as const;
      sent.push(notice);
      return 'delivered' as const;
    },
  };
  return box;
}

interface World {
  readonly mailIsOff?: boolean;
  readonly persistent?: boolean;
  readonly config?: Partial<OperatorsConfig>;
  /** Of the template. */
  readonly annotations?: Record<string, string>;
}

async function open(cleanup: Cleanup, { mailIsOff = false, persistent = true, config = {}, annotations = {} }: World = {}) {
  const clock = movingClock();
  const mail = mailbox();
  const lab = await startTestLab({ clock, config: { keepStoppedMs: 0, ...config }, ...(mailIsOff ? {} : { post: mail }) });
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  const of = template('net', 'desktop', [environment('desktop', persistent ? PERSISTENT : {})]);
  await lab.admin.create(templates, {
    ...of,
    metadata: { ...of.metadata, annotations },
    spec: { ...of.spec, cleanup: { ...of.spec.cleanup, ...cleanup } },
  });
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'desktop' }));
  await eventually(async () => expect((await mine(lab))?.status?.phase).toBe('Ready'));
  await lab.settled();
  const after = async (ms: number) => {
    clock.pass(ms);
    await poke(lab);
  };
  return { lab, clock, after, mail, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

let pokes = 0;

/** What an appointment would do: it brings the instance to mind. */
async function poke(lab: TestLab): Promise<void> {
  pokes += 1;
  if (await mine(lab)) await lab.admin.patch(instances, 'mine', NS, { metadata: { annotations: { 'test/poke': String(pokes) } } });
  await lab.settled();
}

const mine = (lab: TestLab): Promise<Instance | undefined> => lab.admin.find(instances, 'mine', NS);

async function noted(lab: TestLab, name: string): Promise<string | undefined> {
  return (await mine(lab))?.metadata.annotations?.[KEY(name)];
}

/** The gateway says that somebody used it. */
async function use(lab: TestLab, at: number, annotations = {}): Promise<void> {
  const { metadata } = await lab.admin.get(instances, 'mine', NS);
  await lab.room('gateway').apply(
    leases,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: metadata.uid ?? '', namespace: USE_NAMESPACE, annotations },
      spec: { holderIdentity: `${NS}/mine`, renewTime: new Date(at).toISOString().replace('Z', '000Z') },
    },
    { force: true },
  );
  await lab.settled();
}

test('8.1.19 an unused instance is warned of once an interval, then stopped, and its owner hears of that', async () => {
  await using world = await open({ stopAfterInactivity: '2h' });
  const { lab, after, mail } = world;
  expect(await noted(lab, 'last-running')).toBe('true');
  await after(HOUR);
  expect(mail.sent).toEqual([]);
  await after(1.1 * HOUR);
  expect(mail.names()).toEqual(['inactivity-warning']);
  expect(await noted(lab, 'number-alerts-sent')).toBe('1');
  await after(HOUR);
  await after(20 * HOUR);
  expect(mail.sent).toHaveLength(1);
  await after(4 * HOUR);
  await after(DAY + HOUR);
  expect(mail.names()).toEqual(['inactivity-warning', 'inactivity-warning', 'inactivity-warning']);
  expect((await mine(lab))?.spec.running).toBe(true);
  await after(DAY + HOUR);
  expect((await mine(lab))?.spec.running).toBe(false);
  expect(mail.names().at(-1)).toBe('inactivity-stopped');
  expect(mail.sent).toHaveLength(4);
  expect(mail.sent[0]).toMatchObject({
    to: { name: 'ada Tester', email: 'ada@example.org' },
    instance: { name: 'mine', namespace: NS, template: 'desktop' },
    keep: { purpose: 'running', tenant: 'ada' },
  });
  await after(10 * DAY);
  expect(mail.sent).toHaveLength(4);
});

test('8.1.19 what has no disk is deleted instead of stopped, and reports of its use go with it', async () => {
  await using world = await open({ stopAfterInactivity: '1h' }, { persistent: false });
  const { lab, clock, after, mail } = world;
  await use(lab, clock.now());
  for (const pause of [1.1 * HOUR, DAY + HOUR, DAY + HOUR]) await after(pause);
  expect(mail.sent).toHaveLength(3);
  expect(await mine(lab)).toBeDefined();
  await after(DAY + HOUR);
  expect(await mine(lab)).toBeUndefined();
  expect(mail.names().at(-1)).toBe('inactivity-deleted');
  await eventually(async () => expect((await lab.admin.list(leases, { namespace: USE_NAMESPACE })).items).toEqual([]));
});

test('8.1.19, [BUG] 2.10: use of a desktop that only our doors saw puts a stop off, and warnings begin anew', async () => {
  await using world = await open({ stopAfterInactivity: '2h' });
  const { lab, clock, after, mail } = world;
  await after(2.1 * HOUR);
  expect(mail.sent).toHaveLength(1);
  clock.pass(HOUR);
  await use(lab, clock.now());
  expect(clock.now() - Date.parse((await noted(lab, 'last-activity')) ?? '')).toBeLessThan(10_000);
  expect(await noted(lab, 'number-alerts-sent')).toBe('0');
  await after(DAY);
  expect(mail.sent).toHaveLength(2);
  expect(await noted(lab, 'number-alerts-sent')).toBe('1');
});

test('8.1.19 a report from the future keeps nothing', async () => {
  await using world = await open({ stopAfterInactivity: '1h' }, { mailIsOff: true });
  const { lab, clock, after } = world;
  await use(lab, clock.now() + 300 * DAY);
  await after(1.1 * HOUR);
  expect((await mine(lab))?.spec.running).toBe(false);
});

test('8.1.19, [QUIRK] 2.10: where mail is off the automation works, a stop comes at its time, and a start gives the whole time again', async () => {
  await using world = await open({ stopAfterInactivity: '2h' }, { mailIsOff: true });
  const { lab, after, mail } = world;
  await after(1.9 * HOUR);
  expect((await mine(lab))?.spec.running).toBe(true);
  await after(0.2 * HOUR);
  expect((await mine(lab))?.spec.running).toBe(false);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  await lab.settled();
  await after(1.9 * HOUR);
  expect((await mine(lab))?.spec.running).toBe(true);
  expect(mail.sent).toEqual([]);
});

test('8.1.19 a template may ask for another number of warnings, none among them', async () => {
  const custom = (count: string) => ({ annotations: { [KEY('custom-number-alerts')]: count } });
  await using once = await open({ stopAfterInactivity: '1h' }, custom('1'));
  await once.after(1.1 * HOUR);
  await once.after(DAY + HOUR);
  expect((await mine(once.lab))?.spec.running).toBe(false);
  expect(once.mail.names()).toEqual(['inactivity-warning', 'inactivity-stopped']);
  await using never = await open({ stopAfterInactivity: '1h' }, custom('0'));
  await never.after(1.1 * HOUR);
  expect(never.mail.names()).toEqual(['inactivity-stopped']);
});

test('8.1.19 a namespace may be exempt from stops and from expiry, each by its own label', async () => {
  await using world = await open({ stopAfterInactivity: '1h', deleteAfterCreation: '1h' }, { mailIsOff: true });
  const { lab, after } = world;
  const label = (name: string, value: string | null) =>
    lab.admin.patch(namespaces, NS, undefined, { metadata: { labels: { [KEY(name)]: value } } });
  await label('instance-inactivity-ignore', 'true');
  await label('expiration-ignore', 'true');
  await lab.settled();
  await after(5 * HOUR);
  expect((await mine(lab))?.spec.running).toBe(true);
  await label('instance-inactivity-ignore', null);
  await lab.settled();
  expect((await mine(lab))?.spec.running).toBe(false);
  await label('expiration-ignore', null);
  await lab.settled();
  expect(await mine(lab)).toBeUndefined();
});

test('8.1.19 a stopped instance is warned of and deleted by counters of its own', async () => {
  await using world = await open({ deleteAfterInactivity: '2d' });
  const { lab, after, mail } = world;
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await lab.settled();
  await after(DAY);
  expect(mail.sent).toEqual([]);
  expect((await mine(lab))?.status?.conditions?.find(({ type }) => type === 'DeletionScheduled')?.message).toMatch(
    /deleted with its disk at 20/,
  );
  await after(DAY + HOUR);
  expect(mail.names()).toEqual(['destruction-warning']);
  expect(await noted(lab, 'destruction-alerts-sent')).toBe('1');
  expect(await noted(lab, 'last-destruction-notification-timestamp')).toBeDefined();
  await after(DAY + HOUR);
  await after(DAY + HOUR);
  await after(DAY + HOUR);
  expect(mail.names()).toEqual(['destruction-warning', 'destruction-warning', 'destruction-warning', 'destruction']);
  expect(await mine(lab)).toBeUndefined();
});

test('8.1.19 its owner may keep a stopped instance: it gets its time again', async () => {
  await using world = await open({ deleteAfterInactivity: '2d' }, { config: { automation: { ...AUTOMATION, warnings: 1 } } });
  const { lab, clock, after, mail } = world;
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await lab.settled();
  await after(2 * DAY + HOUR);
  await use(lab, clock.now());
  expect(await noted(lab, 'destruction-alerts-sent')).toBe('0');
  await after(DAY + HOUR);
  expect(await mine(lab)).toBeDefined();
  await after(DAY);
  await after(DAY + HOUR);
  expect(await mine(lab)).toBeUndefined();
  expect(mail.names()).toEqual(['destruction-warning', 'destruction-warning', 'destruction']);
});

test('8.1.19 an instance expires: one warning, one interval, a last word; kept once, it gets its time once more', async () => {
  await using world = await open({ deleteAfterCreation: '7d' });
  const { lab, clock, after, mail } = world;
  expect((await mine(lab))?.status?.conditions?.find(({ type }) => type === 'Expires')?.message).toMatch(/deleted at 20/);
  await after(7 * DAY + HOUR);
  expect(mail.names()).toEqual(['expiration-warning']);
  expect(mail.sent[0]?.keep?.purpose).toBe('expiring');
  expect(await noted(lab, 'expiring-warning-notification-timestamp')).toBeDefined();
  await use(lab, clock.now(), { 'lab.crownlabs.polito.it/kept-from-expiration': new Date(clock.now() + 1000).toISOString() });
  await after(6 * DAY);
  expect(await mine(lab)).toBeDefined();
  await after(DAY + HOUR);
  expect(mail.names()).toEqual(['expiration-warning', 'expiration-warning']);
  expect(mail.sent[1]?.keep).toBeUndefined();
  await after(DAY + HOUR);
  expect(await mine(lab)).toBeUndefined();
  expect(mail.names().at(-1)).toBe('expiration');
});

test('8.1.19 where mail is off, an instance expires at its time', async () => {
  await using world = await open({ deleteAfterCreation: '1d' }, { mailIsOff: true });
  await world.after(DAY - HOUR);
  expect(await mine(world.lab)).toBeDefined();
  await world.after(2 * HOUR);
  expect(await mine(world.lab)).toBeUndefined();
});

test('a mail server that is away delays a warning and what would follow it; a refused address delays nothing', async () => {
  await using world = await open({ stopAfterInactivity: '1h' }, { config: { automation: { ...AUTOMATION, warnings: 1 } } });
  const { lab, after, mail } = world;
  mail.shut = true;
  await after(1.1 * HOUR);
  await after(5 * DAY);
  expect(mail.sent).toEqual([]);
  expect((await mine(lab))?.spec.running).toBe(true);
  expect((await mine(lab))?.metadata.annotations?.['lab.crownlabs.polito.it/inactivity-mail']).toMatch(/^queued inactivity-warning/);
  mail.shut = false;
  await after(HOUR);
  expect(mail.names()).toEqual(['inactivity-warning']);
  mail.refuses = true;
  await after(DAY + HOUR);
  expect((await mine(lab))?.spec.running).toBe(false);
  expect((await mine(lab))?.metadata.annotations).not.toHaveProperty('lab.crownlabs.polito.it/inactivity-mail');
});

test('operators that start again repeat no mail, send what was queued, and write nothing where all is said', async () => {
  await using world = await open({ stopAfterInactivity: '1h', deleteAfterInactivity: '30d', deleteAfterCreation: '300d' });
  const { lab, clock, after, mail } = world;
  await after(1.1 * HOUR);
  expect(mail.sent).toHaveLength(1);
  const another = mailbox();
  const restart = async () => {
    const stop = new AbortController();
    const options = { client: lab.room('operators'), config: lab.config, clock, log: silent, probe: async () => true, post: another };
    const again = startOperators(options, stop.signal);
    await again.ready;
    await eventually(() => expect(again.idle(1_000)).toBe(true));
    await lab.settled();
    stop.abort();
    await again.stopped;
  };
  const before = lab.api.store.revision;
  await restart();
  expect(lab.api.store.revision).toBe(before);
  expect(another.sent).toEqual([]);
});

test('an instance says when it will be stopped as soon as that is near, and no longer once it is used', async () => {
  await using world = await open({ stopAfterInactivity: '2h' }, { mailIsOff: true });
  const { lab, clock, after } = world;
  const said = async () => (await mine(lab))?.status?.conditions?.find(({ type }) => type === 'StopScheduled');
  await after(0.5 * HOUR);
  expect(await said()).toBeUndefined();
  await after(0.7 * HOUR);
  expect((await said())?.message).toMatch(/^Nobody has used it since .* It is stopped at .* unless it is used; its disk is kept\.$/);
  await use(lab, clock.now());
  expect(await said()).toBeUndefined();
  // The instance's own controller, which writes the same list, has left it alone.
  expect((await mine(lab))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
});

test('an instance that is never cleaned up costs no write', async () => {
  await using world = await open({});
  expect(Object.keys((await mine(world.lab))?.metadata.annotations ?? {})).toEqual([]);
});
