import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { connect, type Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { ENCODING, FROM_CLIENT, readEncodings } from '../src/rfb/protocol.ts';
import { cutText, FakeDesktop, rawScreen, tightScreen } from './fake-desktop.ts';
import { type Browser, closeCode, Lab, outcome } from './lab.ts';
import { overSocket, RfbClient } from './rfb-client.ts';

const HOST = '127.0.59.2';
const PATH = '/api/rfb/tenant-ada/desk/desktop';

let lab: Lab;
let desktop: FakeDesktop;
let ada: Browser;
let eve: Browser;

beforeEach(async () => {
  lab = await Lab.start();
  desktop = await new FakeDesktop().listen(HOST);
  lab.granted.add('ada view desk').add('ada control desk');
  lab.runPod(HOST);
  ada = await lab.browser('ada').signIn();
  eve = await lab.browser('eve').signIn();
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await desktop[Symbol.asyncDispose]();
});

async function open(browser: Browser = ada, path = PATH): Promise<{ client: RfbClient; socket: WebSocket }> {
  const socket = browser.socket(path);
  const client = await new RfbClient(overSocket(socket)).start();
  await expect.poll(() => desktop.told(FROM_CLIENT.updateRequest).length).toBeGreaterThan(0);
  return { client, socket };
}

test('a stranger, another student, another site and an unknown desktop are refused before anything is dialled', async () => {
  expect(await outcome(lab.browser().socket(PATH))).toBe('401');
  expect(await outcome(eve.socket(PATH))).toBe('403');
  expect(await outcome(eve.socket(`${PATH}?view=1`))).toBe('403');
  expect(await outcome(ada.socket(PATH, { origin: 'http://evil.example' }))).toBe('403');
  expect(await outcome(ada.socket(PATH, { origin: lab.appOrigin() }))).toBe('403');
  // What does not exist and what is not hers look the same.
  expect(await outcome(ada.socket('/api/rfb/tenant-ada/none/desktop'))).toBe('403');
  expect(await outcome(ada.socket('/api/rfb/tenant-eve/other/desktop'))).toBe('403');
  expect(await outcome(ada.socket('/api/rfb/tenant-ada/desk/none'))).toBe('404');
  expect(await outcome(ada.socket('/api/rfb/tenant-ada/desk/%ff'))).toBe('400');
  expect(desktop.guests).toEqual([]);
});

test('who may only see may not control', async () => {
  lab.granted.add('eve view desk');
  expect(await outcome(eve.socket(PATH))).toBe('403');
  expect(await outcome(eve.socket(`${PATH}?view=1`))).toBe('open');
});

test('the gateway never asks a desktop to throw others out, and offers it only what it can measure', async () => {
  const socket = ada.socket(PATH);
  const client = await new RfbClient(overSocket(socket)).start([ENCODING.tight, 21, 4711, ENCODING.extendedClipboard]);
  await expect.poll(() => desktop.told(FROM_CLIENT.setEncodings).length).toBe(1);
  expect(desktop.guests[0]?.exclusive).toBe(false);
  expect(desktop.told(FROM_CLIENT.setEncodings).map(readEncodings)).toEqual([[ENCODING.tight, ENCODING.extendedClipboard]]);
  client.close();
});

test('keys, pointer, clipboard and size pass in both directions for one in control; power keys of the protocol never do', async () => {
  const { client } = await open();
  client.type('a');
  client.pointer(3, 4, 1);
  client.cut('from the browser');
  client.setDesktopSize(100, 80);
  client.send(Buffer.from([FROM_CLIENT.power, 0, 1, 2]));
  await expect.poll(() => desktop.told(FROM_CLIENT.setDesktopSize).length).toBe(1);
  expect(desktop.told(FROM_CLIENT.key)).toHaveLength(2);
  expect(desktop.told(FROM_CLIENT.cutText).map((bytes) => bytes.subarray(8).toString())).toEqual(['from the browser']);
  desktop.send(cutText('from the desktop'));
  await expect.poll(() => client.cutTexts).toEqual(['from the desktop']);
  expect(desktop.told(FROM_CLIENT.power)).toEqual([]);
});

test('who only looks on hears nothing of the clipboard, even when it comes in the middle of a picture', async () => {
  const { client } = await open(ada, `${PATH}?view=1`);
  desktop.send(Buffer.concat([rawScreen(1), cutText('secret'), rawScreen(2), cutText('secret')]));
  desktop.send(rawScreen(3));
  await expect.poll(() => client.updates).toBe(3);
  expect(client.messages).toEqual([0, 0, 0]);
  expect(client.pixels[0]).toBe(3);
  expect(desktop.told(FROM_CLIENT.setEncodings).flatMap(readEncodings)).not.toContain(ENCODING.extendedClipboard);
});

test('a slow viewer slows the desktop down instead of filling the memory', async () => {
  const { client, socket } = await open();
  socket.pause();
  const guest = desktop.guests[0]?.socket;
  let sent = 0;
  for (let waiting = 0; sent < 200 && waiting < 8 * 1024 * 1024; waiting = guest?.writableLength ?? 0) {
    guest?.write(Buffer.concat(Array.from({ length: 100 }, () => rawScreen(sent % 250))));
    sent += 1;
    await sleep(1);
  }
  // The bytes stay with the desktop: what the gateway holds is far below what was sent.
  expect(guest?.writableLength).toBeGreaterThan(4 * 1024 * 1024);
  socket.resume();
  await expect.poll(() => guest?.writableLength, { timeout: 10_000 }).toBe(0);
  await expect.poll(() => client.updates, { timeout: 10_000 }).toBe(sent * 100);
});

test('the second viewer moves both to one shared connection; nobody is thrown out, and the first connection is closed', async () => {
  lab.granted.add('eve control desk');
  const first = await open();
  desktop.send(rawScreen(5));
  await expect.poll(() => first.client.updates).toBe(1);
  const second = await open(eve);
  await expect.poll(() => desktop.guests.filter(({ socket }) => !socket.destroyed).length).toBe(1);
  const pixels = Buffer.alloc(64 * 48 * 3, 'the very same picture');
  desktop.send(tightScreen(pixels));
  for (const { client } of [first, second]) await expect.poll(() => client.pixels.equals(pixels)).toBe(true);
  expect([first.socket.readyState, second.socket.readyState]).toEqual([1, 1]);
});

test('the first viewer moves over in the middle of a picture without losing a byte of it', async () => {
  lab.granted.add('eve control desk');
  const first = await open();
  const screen = rawScreen(9);
  desktop.send(screen.subarray(0, 5000));
  const second = open(eve);
  await expect.poll(() => desktop.guests.length).toBe(2);
  await sleep(50);
  desktop.guests[0]?.socket.write(screen.subarray(5000));
  await second;
  await expect.poll(() => first.client.updates).toBeGreaterThan(0);
  expect(first.client.pixels.every((byte) => byte === 9)).toBe(true);
  expect(first.client.failure).toBeUndefined();
  await expect.poll(() => desktop.guests[0]?.socket.destroyed).toBe(true);
});

test('a viewer that leaves while it holds a key lets go of it', async () => {
  lab.granted.add('eve control desk');
  const first = await open();
  const second = await open(eve);
  await expect.poll(() => desktop.guests.filter(({ socket }) => !socket.destroyed).length).toBe(1);
  second.client.key(0xffe3, true);
  second.client.pointer(1, 1, 1);
  await expect.poll(() => desktop.told(FROM_CLIENT.key).length).toBe(1);
  second.client.close();
  await expect.poll(() => desktop.told(FROM_CLIENT.key).at(-1)?.readUInt8(1)).toBe(0);
  expect(desktop.told(FROM_CLIENT.pointer).at(-1)?.readUInt8(1)).toBe(0);
  expect(first.socket.readyState).toBe(1);
});

test('revoked, signed out, stopped: each ends the viewer with its own code, within two seconds', async () => {
  const revoked = await open();
  lab.revoke('ada control desk', 'tenant-ada');
  expect(await closeCode(revoked.socket)).toBe(4403);
  lab.granted.add('ada control desk');
  const stopped = await open();
  for (const { socket } of desktop.guests) socket.destroy();
  expect(await closeCode(stopped.socket)).toBe(4410);
  const signedOut = await open();
  const closed = closeCode(signedOut.socket);
  await ada.ask('/auth/logout', { method: 'POST', headers: { origin: lab.origin } });
  expect(await closed).toBe(4401);
});

test('a deleted Tenant loses its open desktops', async () => {
  const { socket } = await open();
  lab.tenants.remove('ada');
  expect(await closeCode(socket)).toBe(4403);
});

test('nonsense and too much end the viewer, not the gateway', async () => {
  const nonsense = await open();
  nonsense.client.send(Buffer.from([99]));
  expect(await closeCode(nonsense.socket)).toBe(1002);
  const large = await open();
  const head = Buffer.from([FROM_CLIENT.cutText, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
  large.client.send(head);
  expect(await closeCode(large.socket)).toBe(1002);
  const text = await open();
  text.socket.send('text');
  expect(await closeCode(text.socket)).toBe(1002);
  const whole = await open();
  whole.client.send(Buffer.alloc(5 * 1024 * 1024));
  expect(await closeCode(whole.socket)).toBe(1009);
  expect((await ada.ask('/auth/me')).status).toBe(200);
});

test('a desktop that is only there as websockify is reached over it', async () => {
  const proxy = createHttp();
  const paths: string[] = [];
  new WebSocketServer({ server: proxy, handleProtocols: () => 'binary' }).on('connection', (socket, request) => {
    paths.push(request.url ?? '');
    const stream = createWebSocketStream(socket);
    const far = connect(5900, HOST);
    stream.pipe(far).pipe(stream);
    stream.on('error', () => far.destroy());
  });
  proxy.listen(6080, '127.0.59.3');
  await once(proxy, 'listening');
  lab.pods.remove('desk-desktop', 'tenant-ada');
  lab.runPod('127.0.59.3');
  const { client } = await open();
  desktop.send(rawScreen(4));
  await expect.poll(() => client.pixels[0]).toBe(4);
  expect(paths).toEqual(['/instance/1a2b3c4d-0000-4000-8000-000000000001/desktop/websockify']);
  client.close();
  (proxy satisfies NetServer).close();
  proxy.closeAllConnections();
});

test('keys and clicks are use; an open window and whoever only looks on are not', async () => {
  lab.granted.add('eve view desk');
  const { client } = await open();
  expect(lab.uses).toEqual(['used desk']);
  await expect.poll(() => desktop.told(FROM_CLIENT.updateRequest).length).toBeGreaterThan(0);
  const watching = await open(eve, `${PATH}?view=1`);
  watching.client.type('a');
  watching.client.setDesktopSize(100, 80);
  expect(lab.uses).toEqual(['used desk']);
  client.pointer(3, 4, 1);
  await expect.poll(() => lab.uses).toHaveLength(2);
  expect(lab.uses).toEqual(['used desk', 'used desk']);
});
