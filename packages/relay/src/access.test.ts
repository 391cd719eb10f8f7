import { type Person, withLiveGroups } from '@crownlabs/auth';
import type { ReviewedUser, Transport } from '@crownlabs/client';
import { systemClock } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { AccessReviews } from './access.ts';

const WATCH = { verb: 'watch', group: 'crownlabs.polito.it', resource: 'instances', namespace: 'tenant-ada' };

function tokenOf(claims: object): string {
  return `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
}

/** An API that grants everything to the token itself, and to others what their groups say. */
function reviews(living: (person: Person) => Person | undefined) {
  const asked: ReviewedUser[] = [];
  const transportFor = (): Transport => async () => ({
    status: 201,
    headers: {},
    body: (async function* () {
      yield Buffer.from(JSON.stringify({ status: { allowed: true } }));
    })(),
  });
  const reviewOf = async (user: ReviewedUser) => {
    asked.push(user);
    return user.groups?.includes('kubernetes:workspace-net:manager') === true;
  };
  return { asked, access: new AccessReviews({ transportFor, living, reviewOf, clock: systemClock }) };
}

const marco = tokenOf({ preferred_username: 'marco', groups: ['workspace-net:manager'] });

test('who is still where the token says is asked about by the token alone', async () => {
  const { access, asked } = reviews((person) => person);
  expect(await access.allowed(marco, WATCH)).toBe(true);
  expect(asked).toEqual([]);
});

test('who has left a workspace loses what its group gave, though the token still has it', async () => {
  const { access, asked } = reviews((person) => withLiveGroups(person, []));
  expect(await access.allowed(marco, WATCH)).toBe(false);
  expect(asked).toEqual([{ username: 'marco', groups: ['system:authenticated'] }]);
});

test('who is gone may do nothing', async () => {
  expect(await reviews(() => undefined).access.allowed(marco, WATCH)).toBe(false);
});
