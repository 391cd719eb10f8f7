import type { Instance, KeepGrant } from '@crownlabs/api';
import { createKeepTickets } from '@crownlabs/auth';
import { expect, test } from 'vitest';
import { instance, Lab, UID } from './lab.ts';

const SINCE = '2026-05-01T10:00:00Z';
const tickets = createKeepTickets(Buffer.alloc(32, 7));
const grant: KeepGrant = {
  purpose: 'running',
  uid: UID,
  namespace: 'tenant-ada',
  name: 'desk',
  tenant: 'ada',
  round: SINCE,
  until: Date.now() + 86_400_000,
};
const link = (change: Partial<KeepGrant> = {}) => `/keep/${tickets.sign({ ...grant, ...change })}`;

function unused(since = SINCE): Instance {
  const desk = instance('desk', UID, 'tenant-ada');
  return { ...desk, metadata: { ...desk.metadata, annotations: { 'crownlabs.polito.it/last-activity': since } } };
}

async function open(): Promise<Lab> {
  const lab = await Lab.start();
  lab.instances.put(unused());
  return lab;
}

const saying = ({ body }: { body: string }) => /data-saying="(\w+)"/.exec(body)?.[1];

test('a program that opens every link of a mail keeps nothing; the button keeps, once', async () => {
  await using lab = await open();
  const ada = await lab.browser().signIn();
  const address = link();
  expect(saying(await ada.ask(address))).toBe('ask');
  expect(saying(await ada.ask(address))).toBe('ask');
  expect(lab.uses).toEqual([]);
  const post = { method: 'POST', headers: { origin: lab.origin } };
  expect(saying(await ada.ask(address, post))).toBe('kept');
  expect(lab.uses).toEqual(['kept desk']);
  const again = await ada.ask(address, post);
  expect([again.status, saying(again)]).toEqual([410, 'over']);
  lab.restart();
  // What the operators have written meanwhile says the same to a gateway that remembers nothing.
  lab.instances.put(unused('2026-05-02T10:00:00Z'));
  expect(saying(await ada.ask(address, post))).toBe('over');
  expect(lab.uses).toEqual(['kept desk']);
});

test('a link is for the one who got the mail, who signs in first', async () => {
  await using lab = await open();
  const stranger = await lab.browser('eve').signIn();
  const refused = await stranger.ask(link(), { method: 'POST', headers: { origin: lab.origin } });
  expect([refused.status, saying(refused)]).toEqual([403, 'notYours']);
  expect(refused.body).not.toContain('desk');
  const nobody = await lab.browser().ask(link());
  expect(nobody.status).toBe(303);
  expect(nobody.headers.location).toMatch(/^\/auth\/login\?return=%2Fkeep%2F/);
  const led = await lab.browser().visit(link());
  expect(saying(led)).toBe('ask');
  expect(lab.uses).toEqual([]);
});

test('a link that was changed, is of another key, or is about what is gone keeps nothing', async () => {
  await using lab = await open();
  const ada = await lab.browser().signIn();
  const post = { method: 'POST', headers: { origin: lab.origin } };
  const address = link();
  const [body = '', signature = ''] = address.slice('/keep/'.length).split('.');
  const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('ada', 'eve')).toString('base64url');
  const foreign = createKeepTickets(Buffer.alloc(32, 8)).sign(grant);
  for (const bad of [`/keep/${forged}.${signature}`, `/keep/${foreign}`, '/keep/nonsense', '/keep/a.b.c', `${address}x`]) {
    expect(saying(await ada.ask(bad, post))).toBe('unreadable');
  }
  expect(saying(await ada.ask(link({ uid: 'another' }), post))).toBe('gone');
  expect(saying(await ada.ask(link({ until: Date.now() - 30 * 86_400_000 }), post))).toBe('over');
  expect(lab.uses).toEqual([]);
});

test('another site cannot press the button', async () => {
  await using lab = await open();
  const ada = await lab.browser().signIn();
  expect((await ada.ask(link(), { method: 'POST', headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect(lab.uses).toEqual([]);
});

test('an expiring instance is kept as such, and the page speaks Italian to whoever reads it', async () => {
  await using lab = await open();
  const ada = await lab.browser().signIn();
  const address = link({ purpose: 'expiring', round: 'first' });
  const page = await ada.ask(address, { headers: { 'accept-language': 'it-IT,it;q=0.9,en;q=0.5' } });
  expect(page.body).toContain('Conservare desk?');
  await ada.ask(address, { method: 'POST', headers: { origin: lab.origin } });
  expect(lab.uses).toEqual(['kept desk from expiration']);
});
