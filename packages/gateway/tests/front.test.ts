import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { Lab, outcome } from './lab.ts';

let lab: Lab;
let relay: Server;
let seen: IncomingHttpHeaders[];

beforeEach(async () => {
  lab = await Lab.start();
  seen = [];
  relay = createServer((request, response) => {
    seen.push(request.headers);
    request.pipe(response);
  });
  const sockets = new WebSocketServer({ server: relay });
  sockets.on('connection', (socket, request) => {
    seen.push(request.headers);
    socket.on('message', (data) => socket.send(data));
  });
  const socketPath = join(lab.folder, 'control.sock');
  relay.listen(socketPath);
  await once(relay, 'listening');
  lab.restart({ relay: { socketPath } });
});

afterEach(async () => {
  relay.close();
  relay.closeAllConnections();
  await lab[Symbol.asyncDispose]();
});

const own = () => ({ origin: lab.origin, 'content-type': 'application/json' });

test('the cookie becomes a bearer on the way to the relay, and goes no further', async () => {
  const browser = await lab.browser().signIn();
  const answer = await browser.ask('/graph', {
    method: 'POST',
    headers: { ...own(), authorization: 'Bearer mine', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil' },
    body: '{"query":"{a}"}',
  });
  expect([answer.status, answer.body]).toEqual([200, '{"query":"{a}"}']);
  expect(seen[0]?.authorization).toMatch(/^Bearer ey/);
  expect(seen[0]?.cookie).toBeUndefined();
  expect([seen[0]?.['x-forwarded-for'], seen[0]?.['x-forwarded-host']]).toEqual(['127.0.0.1', `localhost:${lab.port}`]);
});

test('a subscription is passed on with the bearer and ends at log-out', async () => {
  const browser = await lab.browser().signIn();
  const socket = browser.socket('/graph/subscription');
  expect(await outcome(socket)).toBe('open');
  expect(seen[0]?.authorization).toMatch(/^Bearer ey/);
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe('hello');
  const closed = once(socket, 'close');
  await browser.ask('/auth/logout', { method: 'POST', headers: own() });
  await closed;
});

test('no session, or another origin: neither relay nor subscription is reached', async () => {
  const stranger = lab.browser();
  const friend = await lab.browser().signIn();
  expect((await stranger.ask('/graph', { method: 'POST', headers: own() })).status).toBe(401);
  expect((await friend.ask('/graph', { method: 'POST', headers: { ...own(), origin: 'http://evil.example' } })).status).toBe(403);
  expect((await friend.ask('/graph', { method: 'POST', headers: { origin: 'null' } })).status).toBe(403);
  expect((await friend.ask('/graph', { method: 'POST' })).status).toBe(403);
  expect(await outcome(stranger.socket('/graph/subscription'))).toBe('401');
  expect(await outcome(friend.socket('/graph/subscription', { origin: 'http://evil.example' }))).toBe('403');
  expect(await outcome(friend.socket('/graph/subscription', { origin: lab.appOrigin() }))).toBe('403');
  expect(seen).toEqual([]);
});

test('while the control process is away people get a page that looks again, programs get JSON', async () => {
  const browser = await lab.browser().signIn();
  lab.issuer.server.close();
  lab.issuer.server.closeAllConnections();
  const page = await browser.ask('/oidc/auth');
  expect([page.status, page.headers['retry-after']]).toEqual([502, '2']);
  expect(page.body).toContain('This page looks again by itself.');
  const json = await browser.ask('/oidc/auth', { headers: { accept: 'application/json' } });
  expect(JSON.parse(json.body)).toMatchObject({ code: 502, reason: 'ServiceUnavailable' });
});

test('the provider gets its own cookies and none of ours', async () => {
  const browser = await lab.browser().signIn();
  browser.jar(lab.origin).set('crownlabs-identity', 'theirs');
  const { cookie } = JSON.parse((await browser.ask('/oidc/echo')).body);
  expect(cookie).toBe('as=ada; crownlabs-identity=theirs');
});

test('the dashboard is served for every place in the app, its hashed files for ever, and nothing outside its folder', async () => {
  const browser = lab.browser();
  const page = await browser.ask('/templates/anything');
  expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-cache']);
  expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  const script = await browser.ask('/app-a1b2c3d4.js', { headers: { 'accept-encoding': 'gzip, br' } });
  expect([script.headers['content-encoding'], script.headers['cache-control']]).toEqual(['br', 'public, max-age=31536000, immutable']);
  const again = await browser.ask('/app-a1b2c3d4.js', { headers: { 'if-none-match': String(script.headers.etag) } });
  expect(again.status).toBe(304);
  for (const path of ['/missing-a1b2c3d4.js', '/..%2f..%2fetc%2fpasswd.txt', '/.secret.txt', '/sessions.db%00.js']) {
    expect((await browser.ask(path)).status).toBe(404);
  }
});

test('another host name leads to ours; an unknown address is 404 with words', async () => {
  const browser = lab.browser();
  const moved = await browser.ask('/templates?x=1', { headers: { host: '127.0.0.1' } });
  expect([moved.status, moved.headers.location]).toEqual([308, `${lab.origin}/templates?x=1`]);
  expect((await browser.ask('/api/nothing')).body).toContain('Nothing here');
  const wrong = await browser.ask('/graph');
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST']);
});

test('two lengths in one request are refused, so that nothing hides in its body', async () => {
  const socket = connect(lab.port, '127.0.0.1');
  socket.write(
    `POST /graph HTTP/1.1\r\nhost: localhost:${lab.port}\r\norigin: ${lab.origin}\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /auth/me HTTP/1.1\r\nhost: x\r\n\r\n`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/);
  expect(seen).toEqual([]);
  socket.destroy();
});

test('a body in chunks stays one body: what is hidden in it is no request to the relay', async () => {
  const browser = await lab.browser().signIn();
  const hidden = 'POST /graph HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer stolen\r\ncontent-length: 0\r\n\r\n';
  const socket = connect(lab.port, '127.0.0.1');
  socket.write(
    `GET /graph/schema HTTP/1.1\r\nhost: localhost:${lab.port}\r\ncookie: ${browser.cookies(lab.origin)}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
  );
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  expect(answer).toContain('Bearer stolen');
  expect(seen).toHaveLength(1);
  expect(seen[0]?.authorization).toMatch(/^Bearer ey/);
});

test('only WebSockets are upgraded', async () => {
  const browser = await lab.browser().signIn();
  const answer = await browser.ask('/graph/subscription', { headers: { connection: 'upgrade', upgrade: 'h2c', origin: lab.origin } });
  expect(answer.status).toBe(400);
});

test('abilities are told to whoever has one; a stranger learns nothing', async () => {
  lab.granted.add('ada view desk').add('ada control desk');
  const path = '/api/instances/tenant-ada/desk/access';
  const [ada, eve] = [await lab.browser('ada').signIn(), await lab.browser('eve').signIn()];
  expect(JSON.parse((await ada.ask(path)).body)).toEqual({ view: true, control: true, terminal: false, web: false, power: false });
  expect((await eve.ask(path)).status).toBe(403);
  expect((await lab.browser().ask(path)).status).toBe(401);
  expect((await eve.ask('/api/instances/tenant-ada/none/access')).status).toBe(403);
});
