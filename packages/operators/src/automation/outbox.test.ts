import type { Instance } from '@crownlabs/api';
import { LabError, silent } from '@crownlabs/std';
import { expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import type { Notice } from './notice.ts';
import { Outbox } from './outbox.ts';

const MARK = 'lab.crownlabs.polito.it/inactivity-mail';
const signal = new AbortController().signal;
const notice = { id: 'inactivity-warning/1800000000/1', name: 'inactivity-warning' } as unknown as Notice;

/** One Instance in an API, a mail server, and as many processes as are started. */
function world(mark?: string) {
  const state = { now: 1_800_000_000_000, away: false, sent: [] as string[] };
  let instance = {
    metadata: { name: 'mine', namespace: 'tenant-ada', uid: 'u1', annotations: mark === undefined ? {} : { [MARK]: mark } },
  } as unknown as Instance;
  const patch = async (_kind: unknown, _name: string, _namespace: string, { metadata }: { metadata: { annotations: object } }) => {
    instance = {
      ...instance,
      metadata: { ...instance.metadata, annotations: { ...instance.metadata.annotations, ...metadata.annotations } },
    };
    return instance;
  };
  const deliver = async ({ id }: Notice) => {
    if (state.away) throw new LabError('ServiceUnavailable', 'away');
    state.sent.push(id);
    return 'delivered' as const;
  };
  const start = () =>
    new Outbox({
      lab: { client: { patch } } as unknown as Lab,
      post: { deliver },
      annotation: MARK,
      clock: { now: () => state.now, sleep: async () => undefined },
      log: silent,
      events: { record: () => undefined },
    });
  return { state, start, seen: () => instance, mark: () => instance.metadata.annotations?.[MARK] ?? '' };
}

test('a mail that a process was sending when it died is not sent again: nobody can tell how far it came', async () => {
  const { state, start, seen } = world('sending inactivity-warning/1800000000/1 2027-01-15T08:00:00Z dead');
  expect(await start().send(seen(), notice, signal)).toMatchObject({ done: true });
  expect(state.sent).toEqual([]);
});

test('a mail that was queued when a process died is sent by the next', async () => {
  const { state, start, seen } = world('queued inactivity-warning/1800000000/1 2027-01-15T08:00:00Z dead');
  expect(await start().send(seen(), notice, signal)).toMatchObject({ done: true });
  expect(state.sent).toEqual([notice.id]);
});

test('what was sent is not sent again by the same process, even where the API does not tell of it yet', async () => {
  const { state, start, seen } = world();
  const outbox = start();
  const stale = seen();
  await outbox.send(stale, notice, signal);
  await outbox.send(stale, notice, signal);
  expect(state.sent).toEqual([notice.id]);
  await outbox.send(seen(), { ...notice, id: 'inactivity-warning/1800000000/2' }, signal);
  expect(state.sent).toHaveLength(2);
});

test('the last word about an Instance is not said again while it is still seen, and a namesake gets its own', async () => {
  const { state, start, seen } = world();
  const outbox = start();
  await outbox.send(seen(), notice, signal);
  // Its deletion was asked for, and is not told of yet: what is seen is marked by this very process.
  await outbox.send(seen(), notice, signal);
  expect(state.sent).toHaveLength(1);
  const { metadata } = seen();
  await outbox.send({ ...seen(), metadata: { ...metadata, uid: 'u2', annotations: {} } }, notice, signal);
  expect(state.sent).toHaveLength(2);
});

test('a mail that could not be sent is queued, and waits longer every time, whatever else brings it to mind', async () => {
  const { state, start, seen, mark } = world();
  const outbox = start();
  state.away = true;
  const first = await outbox.send(seen(), notice, signal);
  expect(mark()).toMatch(/^queued inactivity-warning\/1800000000\/1 /);
  expect(first).toMatchObject({ done: false });
  state.away = false;
  expect(await outbox.send(seen(), notice, signal)).toMatchObject({ done: false });
  expect(state.sent).toEqual([]);
  state.now += 20_000;
  expect(await outbox.send(seen(), notice, signal)).toMatchObject({ done: true });
  expect(state.sent).toEqual([notice.id]);
});
