import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { type Browser, Lab, OTHER_UID, outcome, UID } from './lab.ts';

const PATH = `/instance/${UID}/desktop/`;

let lab: Lab;
let app: Server;
let seen: IncomingMessage[];

/** An app that answers with what it was asked, on the port that environments serve on. */
beforeEach(async () => {
  lab = await Lab.start();
  lab.granted.add('ada web desk').add('eve web other');
  seen = [];
  app = createServer((request, response) => {
    seen.push(request);
    response.setHeader('set-cookie', ['app=1; Domain=apps.localhost; Path=/', `crownlabs-app-${lab.port}=planted`, 'plain=2']);
    response.end(`app at ${request.url ?? ''}`);
  });
  new WebSocketServer({ server: app }).on('connection', (socket, request) => {
    seen.push(request);
    socket.on('message', (data) => socket.send(data));
  });
  app.listen(6080, '127.0.6.80');
  await once(app, 'listening');
  lab.runPod('127.0.6.80');
  lab.runPod('127.0.6.80', 'other', 'tenant-eve');
});

afterEach(async () => {
  app.close();
  app.closeAllConnections();
  await lab[Symbol.asyncDispose]();
});

const inside = async (person = 'ada', path = PATH): Promise<Browser> => {
  const browser = await lab.browser(person).signIn();
  await browser.visit(path);
  return browser;
};

test('the path on the product leads to the environment on its own origin, and the ticket is gone from the address', async () => {
  const browser = await lab.browser().signIn();
  const page = await browser.visit(`${PATH}lab/tree?x=1`);
  expect([page.status, page.url, page.body]).toEqual([200, `${lab.appOrigin()}${PATH}lab/tree?x=1`, `app at ${PATH}lab/tree?x=1`]);
  expect(seen).toHaveLength(1);
});

test('who is not signed in is led through the sign-in and arrives', async () => {
  const page = await lab.browser().visit(`${lab.appOrigin()}${PATH}`);
  expect([page.status, page.url]).toEqual([200, `${lab.appOrigin()}${PATH}`]);
});

test('the app sees neither our cookies nor a bearer, and the true origin', async () => {
  const browser = await inside();
  await browser.ask(`${lab.appOrigin()}${PATH}`, {
    headers: { cookie: `${browser.cookies(lab.appOrigin())}; theirs=1`, authorization: 'Bearer x', 'x-forwarded-host': 'evil' },
  });
  const { headers } = seen.at(-1) ?? {};
  expect(headers?.cookie).toContain('theirs=1');
  expect(headers?.cookie).not.toContain('crownlabs-');
  expect(headers?.authorization).toBeUndefined();
  expect([headers?.host, headers?.['x-forwarded-host']]).toEqual(Array(2).fill(new URL(lab.appOrigin()).host));
});

test('the app can set cookies for its own host only, and none that look like ours', async () => {
  const browser = await inside();
  const { headers } = await browser.ask(`${lab.appOrigin()}${PATH}`);
  expect(headers['set-cookie']).toEqual(['app=1; Path=/', 'plain=2']);
});

test("another student gets 403 on the way to somebody's app, and nothing of it", async () => {
  const eve = await lab.browser('eve').signIn();
  expect((await eve.visit(PATH)).status).toBe(403);
  expect((await eve.visit(`${lab.appOrigin()}${PATH}`)).status).toBe(403);
  expect(await outcome(eve.socket(PATH, { at: lab.appOrigin() }))).toBe('401');
  expect(seen).toEqual([]);
});

test('a ticket works once, in the browser that asked, at the place it was made for', async () => {
  const ada = await lab.browser('ada').signIn();
  const toProduct = await ada.ask(`${lab.appOrigin()}${PATH}`);
  const withTicket = (await ada.ask(toProduct.headers.location ?? '')).headers.location ?? '';
  expect(withTicket).toContain('crownlabs-ticket=');
  // Stolen from a log: another browser has no nonce. The try spends the ticket.
  expect((await lab.browser('eve').ask(withTicket)).status).toBe(403);
  expect((await ada.ask(withTicket)).status).toBe(403);
  const again = (await ada.ask(toProduct.headers.location ?? '')).headers.location ?? '';
  const elsewhere = again.replace(lab.appOrigin(), lab.appOrigin(OTHER_UID));
  expect((await ada.ask(elsewhere, { headers: { cookie: ada.cookies(lab.appOrigin()) } })).status).toBe(403);
});

test('the cookie of one environment opens no other', async () => {
  const eve = await inside('eve', `/instance/${OTHER_UID}/desktop/`);
  lab.granted.add('eve web desk');
  const cookie = eve.cookies(lab.appOrigin(OTHER_UID));
  const answer = await eve.ask(`${lab.appOrigin()}${PATH}`, { headers: { cookie, accept: '*/*' } });
  expect(answer.status).toBe(401);
});

test('a page of another environment can neither post nor open a socket here', async () => {
  const ada = await inside();
  const foreign = { headers: { origin: lab.appOrigin(OTHER_UID) } };
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`, { method: 'POST', ...foreign })).status).toBe(403);
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`, { method: 'POST', headers: { origin: lab.appOrigin() } })).status).toBe(200);
  const hidden = (site: string) => ({ method: 'POST', headers: { origin: 'null', 'sec-fetch-site': site } });
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`, hidden('same-site'))).status).toBe(403);
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`, hidden('same-origin'))).status).toBe(200);
  expect(await outcome(ada.socket(PATH, { at: lab.appOrigin(), origin: lab.appOrigin(OTHER_UID) }))).toBe('403');
  expect(await outcome(ada.socket(PATH, { at: lab.appOrigin(), origin: lab.origin }))).toBe('403');
});

test('a socket talks to the app, and ends within two seconds of the right', async () => {
  const ada = await inside();
  const socket = ada.socket(`${PATH}api/kernels`, { at: lab.appOrigin() });
  expect(await outcome(socket)).toBe('open');
  socket.send('1+1');
  expect(String((await once(socket, 'message'))[0])).toBe('1+1');
  const closed = once(socket, 'close');
  const before = Date.now();
  lab.revoke('ada web desk', 'tenant-ada');
  await closed;
  expect(Date.now() - before).toBeLessThan(2_000);
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`)).status).toBe(403);
});

test('what an environment refuses leads back to the product, not to a page of its own origin', async () => {
  const ada = await inside();
  const answer = await ada.ask(PATH, { headers: { host: `nothing.apps.localhost:${lab.port}`, accept: 'text/html' } });
  expect([answer.status, answer.body]).toEqual([404, expect.stringContaining(`<a href="${lab.origin}/">Go to the start page</a>`)]);
});

test('log-out of the product ends the visits to its environments', async () => {
  const ada = await inside();
  await ada.ask('/auth/logout', { method: 'POST', headers: { origin: lab.origin } });
  const answer = await ada.ask(`${lab.appOrigin()}${PATH}`, { headers: { accept: '*/*' } });
  expect(answer.status).toBe(401);
});

test('an unknown environment is 404, a stopped one a page that looks again', async () => {
  const ada = await inside();
  expect((await ada.visit(`/instance/${crypto.randomUUID()}/desktop/`)).status).toBe(404);
  expect((await ada.visit(`/instance/${UID}/other/`)).status).toBe(404);
  expect((await ada.ask('/', { headers: { host: `nothing.apps.localhost:${lab.port}` } })).status).toBe(404);
  lab.pods.remove('desk-desktop', 'tenant-ada');
  expect((await ada.ask(`${lab.appOrigin()}${PATH}`)).status).toBe(502);
});
