import { silent } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { createAccess, type InstanceKey, type Person, withLiveGroups } from './index.ts';

const ada: Person = { name: 'ada', displayName: 'Ada', email: '', groups: ['workspace-netgroup:manager'] };
const key: InstanceKey = { namespace: 'tenant-bob', name: 'desk' };

/** An authorizer that is a set of sentences, and a clock that is moved by hand; its sleeps end at once. */
function lab() {
  const granted = new Set<string>();
  const world = { now: 0, questions: 0, broken: false, granted };
  const access = createAccess({
    clock: { now: () => world.now, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) },
    log: silent,
    review: async ({ username, groups = [] }, { subresource, name }) => {
      world.questions += 1;
      if (world.broken) throw new Error('connection refused');
      const allowed = [username, ...groups].some((subject) => granted.has(`${subject} ${subresource} ${name}`));
      return { allowed, reason: '' };
    },
  });
  return { world, access };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 15));

test('a yes is believed for a moment, a no is asked again', async () => {
  const { world, access } = lab();
  expect(await access.may(ada, 'view', key)).toBe(false);
  world.granted.add('kubernetes:workspace-netgroup:manager view desk');
  expect(await access.may(ada, 'view', key)).toBe(true);
  expect(await access.may(ada, 'view', key)).toBe(true);
  expect(world.questions).toBe(2);
  world.now += 2_000;
  world.granted.clear();
  expect(await access.may(ada, 'view', key)).toBe(false);
});

test('a change of rights is obeyed at once', async () => {
  const { world, access } = lab();
  world.granted.add('ada control desk');
  expect(await access.may(ada, 'control', key)).toBe(true);
  world.granted.clear();
  access.changed({ namespace: 'tenant-bob' });
  await expect(access.demand(ada, 'control', key)).rejects.toMatchObject({ code: 'Forbidden' });
});

test('an open connection ends when its right does, and only then', async () => {
  const { world, access } = lab();
  world.granted.add('ada view desk');
  let lost = 0;
  access.hold({ person: () => ada, action: 'view', key, lost: () => (lost += 1) });
  access.changed({ namespace: 'tenant-bob' });
  await turn();
  expect(lost).toBe(0);
  world.granted.clear();
  access.changed({ namespace: 'tenant-eve' });
  await turn();
  expect(lost).toBe(0);
  access.changed();
  access.changed();
  await turn();
  expect(lost).toBe(1);
});

test('an API that is away closes nothing, and is asked again when it is back', async () => {
  const { world, access } = lab();
  let lost = 0;
  access.hold({ person: () => ada, action: 'view', key, lost: () => (lost += 1) });
  world.broken = true;
  access.changed();
  await turn();
  expect(lost).toBe(0);
  world.broken = false;
  await turn();
  expect(lost).toBe(1);
});

test('a person who is gone loses the connection without a question', async () => {
  const { world, access } = lab();
  let lost = 0;
  access.hold({ person: () => undefined, action: 'view', key, lost: () => (lost += 1) });
  access.changed({ person: 'ada' });
  await turn();
  expect([lost, world.questions]).toEqual([1, 0]);
});

test('a membership that the Tenant lost is no group any more, whatever the token says', () => {
  const person = { ...ada, groups: ['admin', 'workspace-netgroup:manager', 'workspace-maths:user'] };
  expect(
    withLiveGroups(person, [
      { name: 'netgroup', role: 'user' },
      { name: 'maths', role: 'user' },
    ]).groups,
  ).toEqual(['admin', 'workspace-maths:user']);
});
