import { expect, test } from 'vitest';
import { challengeOf, createTickets } from './index.ts';

function desk() {
  const world = { now: 0 };
  const tickets = createTickets<string>({ now: () => world.now, sleep: async () => undefined });
  const issue = () => tickets.issue({ subject: 'ada', place: 'https://desktop-1.apps', challenge: challengeOf('nonce') });
  return { world, tickets, issue };
}

const USE = { place: 'https://desktop-1.apps', nonce: 'nonce' };

test('a ticket opens its door once', () => {
  const { tickets, issue } = desk();
  const ticket = issue();
  expect(tickets.redeem(ticket, USE)).toBe('ada');
  expect(tickets.redeem(ticket, USE)).toBeUndefined();
});

test('a ticket of another environment or another browser opens nothing and is spent', () => {
  const { tickets, issue } = desk();
  for (const wrong of [
    { ...USE, place: 'https://desktop-2.apps' },
    { ...USE, nonce: 'other' },
  ]) {
    const ticket = issue();
    expect(tickets.redeem(ticket, wrong)).toBeUndefined();
    expect(tickets.redeem(ticket, USE)).toBeUndefined();
  }
});

test('a ticket is void after half a minute', () => {
  const { world, tickets, issue } = desk();
  const ticket = issue();
  world.now = 30_000;
  expect(tickets.redeem(ticket, USE)).toBeUndefined();
});
