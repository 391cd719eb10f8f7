import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { ENCODING } from '../src/rfb/protocol.ts';
import { type Browser, closeCode, Lab, outcome } from './lab.ts';
import { BROWSER_ENCODINGS, overSocket, overTcp, RfbClient } from './rfb-client.ts';

const HOST = '127.0.59.1';
const DISPLAY = ':759';
const PATH = '/api/rfb/tenant-ada/desk/desktop';

let server: ChildProcess;
let lab: Lab;
let ada: Browser;

/** A real VNC server, and a real terminal on it. Not installed everywhere; the gateway's other tests need neither. */
describe.skipIf(!existsSync('/usr/bin/Xtigervnc') || !existsSync('/usr/bin/xterm'))('a real desktop', () => {
  beforeAll(async () => {
    server = spawn(
      '/usr/bin/Xtigervnc',
      [
        DISPLAY,
        '-rfbport',
        '5900',
        '-interface',
        HOST,
        '-SecurityTypes',
        'None',
        '-geometry',
        '640x480',
        '-depth',
        '24',
        '-AcceptSetDesktopSize',
      ],
      {
        stdio: 'ignore',
      },
    );
    for (let tries = 0; tries < 100; tries += 1) {
      const wire = await overTcp(HOST, 5900).catch(() => undefined);
      wire?.close();
      if (wire) break;
      await sleep(50);
    }
    spawn('/usr/bin/xterm', ['-display', DISPLAY, '-geometry', '80x30+0+0', '-e', 'sh', '-c', 'PS1="> " exec sh'], { stdio: 'ignore' });
    await sleep(500);
  });
  afterAll(() => void server.kill());

  beforeEach(async () => {
    lab = await Lab.start();
    for (const action of ['view', 'control']) lab.granted.add(`ada ${action} desk`).add(`eve ${action} desk`);
    lab.runPod(HOST);
    ada = await lab.browser().signIn();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  async function open(browser: Browser, path = PATH, encodings = BROWSER_ENCODINGS): Promise<{ client: RfbClient; socket: WebSocket }> {
    const socket = browser.socket(path);
    const client = new RfbClient(overSocket(socket));
    return { socket, client: await client.start(encodings) };
  }

  /** The true picture, straight from the server and without any packing. */
  async function truth(): Promise<RfbClient> {
    return new RfbClient(await overTcp(HOST, 5900)).start([ENCODING.raw]);
  }

  async function settled(...clients: RfbClient[]): Promise<void> {
    for (let before = -1, now = 0; before !== now; ) {
      before = now;
      await sleep(150);
      now = clients.reduce((sum, { updates }) => sum + updates, 0);
    }
    for (const client of clients) expect(client.failure).toBeUndefined();
  }

  function expectSame(client: RfbClient, reference: RfbClient): void {
    expect([client.width, client.height]).toEqual([reference.width, reference.height]);
    expect(client.pixels.equals(reference.pixels)).toBe(true);
  }

  test('one viewer sees the true picture and types into it', async () => {
    const reference = await truth();
    const { client } = await open(ada);
    await settled(client, reference);
    const before = Buffer.from(client.pixels);
    client.pointer(100, 100);
    client.type('echo hello from the gateway\n');
    await settled(client, reference);
    expect(client.pixels.equals(before)).toBe(false);
    expectSame(client, reference);
    expect(client.encodingsSeen.has(ENCODING.tight)).toBe(true);
    for (const each of [client, reference]) each.close();
  });

  test('a second viewer comes in late: both see the true picture from then on, and none was thrown out', async () => {
    const reference = await truth();
    const first = await open(ada);
    await settled(first.client);
    first.client.pointer(100, 100);
    first.client.type('seq 1 60\n');
    await settled(first.client);
    const second = await open(await lab.browser('eve').signIn());
    await settled(first.client, second.client, reference);
    expectSame(second.client, reference);
    expectSame(first.client, reference);
    second.client.pointer(120, 120);
    second.client.type('seq 100 160\n');
    await settled(first.client, second.client, reference);
    expectSame(second.client, reference);
    expectSame(first.client, reference);
    const third = await open(ada, `${PATH}?view=1`);
    await settled(third.client, reference);
    expectSame(third.client, reference);
    expect([first.socket.readyState, second.socket.readyState, third.socket.readyState]).toEqual([1, 1, 1]);
    for (const { client } of [first, second, third]) client.close();
    reference.close();
  });

  test('who only looks on moves nothing and hears no clipboard', async () => {
    const reference = await truth();
    const viewer = await open(ada, `${PATH}?view=1`);
    await settled(viewer.client, reference);
    const before = Buffer.from(reference.pixels);
    viewer.client.pointer(100, 100, 1);
    viewer.client.type('echo not allowed\n');
    viewer.client.cut('pasted');
    viewer.client.setDesktopSize(800, 600);
    await settled(viewer.client, reference);
    expect(reference.pixels.equals(before)).toBe(true);
    expect(viewer.client.cutTexts).toEqual([]);
    for (const each of [viewer.client, reference]) each.close();
  });

  test('the screen follows the window of the one in control, and all viewers follow the screen', async () => {
    const first = await open(ada);
    const second = await open(await lab.browser('eve').signIn());
    await settled(first.client, second.client);
    first.client.setDesktopSize(800, 600);
    await settled(first.client, second.client);
    second.client.setDesktopSize(1024, 768);
    const reference = await truth();
    await settled(first.client, second.client, reference);
    for (const { client } of [first, second]) expectSame(client, reference);
    expect([reference.width, reference.height]).toEqual([800, 600]);
    first.client.setDesktopSize(640, 480);
    await settled(first.client, second.client, reference);
    for (const each of [first.client, second.client, reference]) each.close();
  });

  test('a viewer of another make is served beside the others', async () => {
    const reference = await truth();
    const first = await open(ada);
    const plain = await open(await lab.browser('eve').signIn(), PATH, [ENCODING.hextile, ENCODING.raw]);
    await settled(first.client, plain.client, reference);
    expect([first.socket.readyState, plain.socket.readyState]).toEqual([1, 1]);
    expectSame(first.client, reference);
    for (const each of [first.client, plain.client, reference]) each.close();
  });

  test('the right that is taken ends one viewer and leaves the other', async () => {
    const first = await open(ada);
    const second = await open(await lab.browser('eve').signIn());
    await settled(first.client, second.client);
    lab.revoke('eve control desk', 'tenant-ada');
    expect(await closeCode(second.socket)).toBe(4403);
    expect(first.socket.readyState).toBe(1);
    first.client.close();
  });

  test('a viewer that comes before the desktop waits for it', async () => {
    lab.pods.remove('desk-desktop', 'tenant-ada');
    const socket = ada.socket(PATH);
    const client = new RfbClient(overSocket(socket));
    const started = client.start();
    expect(await outcome(socket)).toBe('open');
    await sleep(100);
    lab.runPod(HOST);
    await started;
    await settled(client);
    expect(client.updates).toBeGreaterThan(0);
    client.close();
  });
});
