import { once } from 'node:events';
import { connect } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { LabError, systemClock } from '@crownlabs/std';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { createDial } from '../src/environment/dial.ts';
import type { OpenMachine } from '../src/index.ts';
import { FROM_CLIENT } from '../src/rfb/protocol.ts';
import { reachDesktop } from '../src/rfb/reach-desktop.ts';
import { FakeDesktop } from './fake-desktop.ts';
import { type Browser, closeCode, Lab, outcome } from './lab.ts';
import { overSocket, RfbClient } from './rfb-client.ts';

const GUEST = '127.0.59.7';
const HYPERVISOR = '127.0.59.8';
const SCREEN = '/api/rfb/tenant-ada/desk/desktop';
const CONSOLE = '/api/terminal/tenant-ada/desk/desktop';

let lab: Lab;
let ada: Browser;
let screen: FakeDesktop;
/** The guest's ends of all serial lines that were opened. */
let lines: Duplex[];
let asked: string[];
let refusals: LabError[];

/** The API's subresources of machines. */
const machines: OpenMachine = async ({ namespace, name }, stream, signal) => {
  asked.push(`${stream} of ${namespace}/${name}`);
  const refusal = refusals.shift();
  if (refusal) throw refusal;
  if (stream === 'vnc') return connect({ host: HYPERVISOR, port: 5900, signal });
  const [near, far] = duplexPair();
  lines.push(far);
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  return near;
};

beforeEach(async () => {
  [lines, asked, refusals] = [[], [], []];
  lab = await Lab.start({ machines, reboot: async ({ namespace, name }) => void asked.push(`reboot of ${namespace}/${name}`) });
  screen = await new FakeDesktop().listen(HYPERVISOR);
  for (const action of ['view', 'control', 'terminal']) lab.granted.add(`ada ${action} desk`);
  ada = await lab.browser('ada').signIn();
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await screen[Symbol.asyncDispose]();
});

const look = async (path = SCREEN) => new RfbClient(overSocket(ada.socket(path))).start();

test('a machine with nothing installed inside has a desktop: the screen that its hypervisor draws', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const client = await look();
  client.type('a');
  await expect.poll(() => screen.told(FROM_CLIENT.key)).toHaveLength(2);
  expect(asked).toEqual(['vnc of tenant-ada/desk-desktop']);
  expect(lab.uses.length).toBeGreaterThan(0);
});

test('who only looks at a machine presses no key of it', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const client = await look(`${SCREEN}?view=1`);
  client.type('a');
  await expect.poll(() => screen.told(FROM_CLIENT.updateRequest).length).toBeGreaterThan(0);
  expect(screen.told(FROM_CLIENT.key)).toEqual([]);
});

test('strangers, other students and other sites get neither the screen nor the console of a machine', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const eve = await lab.browser('eve').signIn();
  for (const path of [SCREEN, `${SCREEN}?view=1`, `${SCREEN}?screen=1`, CONSOLE]) {
    expect(await outcome(lab.browser().socket(path))).toBe('401');
    expect(await outcome(eve.socket(path))).toBe('403');
    expect(await outcome(ada.socket(path, { origin: lab.appOrigin() }))).toBe('403');
  }
  lab.granted.add('eve view desk');
  expect(await outcome(eve.socket(SCREEN))).toBe('403');
  expect(await outcome(eve.socket(CONSOLE))).toBe('403');
  expect(asked).toEqual([]);
});

test('a machine that shows a desktop by itself is seen from inside once it is ready, and from outside before, or on request', async () => {
  await using inside = await new FakeDesktop().listen(GUEST);
  lab.runMachine(GUEST, { gui: true, phase: 'Running' });
  await look();
  expect([screen.guests.length, inside.guests.length]).toEqual([1, 0]);
  lab.runMachine(GUEST, { gui: true, phase: 'Ready' });
  await look();
  expect([screen.guests.length, inside.guests.length]).toEqual([1, 1]);
  await look(`${SCREEN}?screen=1`);
  expect(asked.length).toBeGreaterThan(1);
  expect(inside.guests.filter(({ socket }) => !socket.destroyed)).toHaveLength(1);
});

test('a machine that says it is ready and shows nothing inside is seen from outside', async () => {
  lab.runMachine(GUEST, { gui: true, phase: 'Ready' });
  await look();
  expect(screen.guests).toHaveLength(1);
});

test('who comes before the machine runs waits for its screen', async () => {
  refusals = [new LabError('Conflict', 'it is not running'), new LabError('NotFound', 'not found')];
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  await look();
  expect(asked).toHaveLength(3);
});

test('a desktop stays open when the time to reach it is over', async () => {
  const patience = new AbortController();
  const gone = new AbortController();
  const pod = { namespace: 'n', name: 'p', uid: 'u', ip: HYPERVISOR, container: 'c', machine: undefined, gone: gone.signal };
  const options = { dial: createDial(undefined), machines, clock: systemClock, websocketPath: '/', inside: true };
  const { socket } = await reachDesktop(pod, options, patience.signal);
  patience.abort(new LabError('Timeout', 'too late'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(socket.destroyed).toBe(false);
  gone.abort(new LabError('Expired', 'stopped'));
  expect(socket.destroyed).toBe(true);
});

test('a machine is made to boot anew by who has power over it, from our own page', async () => {
  const path = '/api/machines/tenant-ada/desk/desktop/reboot';
  const post = (browser: Browser, origin = lab.origin) => browser.ask(path, { method: 'POST', headers: { origin } });
  expect((await post(ada)).status).toBe(403);
  lab.granted.add('ada power desk');
  expect((await post(ada, 'http://evil.example')).status).toBe(403);
  expect((await post(lab.browser())).status).toBe(401);
  expect((await post(ada)).status).toBe(409);
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  expect((await post(ada)).status).toBe(204);
  expect(asked).toEqual(['reboot of tenant-ada/desk-desktop']);
});

const heardBy = (socket: WebSocket) => {
  let text = '';
  socket.on('message', (data: Buffer) => {
    text += data.toString();
  });
  return () => text;
};

test('the terminal of a machine is its serial console: one wire for all, and who comes later reads what was said', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const first = ada.socket(CONSOLE);
  const heard = heardBy(first);
  expect(await outcome(first)).toBe('open');
  await expect.poll(() => lines).toHaveLength(1);
  // Between the lines the guest asks the terminal for its size; memory must not ask again.
  lines[0]?.write('Debian GNU/Linux 13 lab ttyS0\r\n\u001b[6nlab login: ');
  await expect.poll(heard).toContain('login: ');
  const second = ada.socket(CONSOLE);
  const repeated = heardBy(second);
  await expect.poll(repeated).toBe('Debian GNU/Linux 13 lab ttyS0\r\nlab login: ');
  second.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }));
  second.send(Buffer.from('student\r'));
  expect(String((await once(lines[0] ?? second, 'data'))[0])).toBe('student\r');
  expect(asked).toEqual(['console of tenant-ada/desk-desktop']);
});

test('a console is let go of when the last reader leaves, and opened again for the next', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const first = ada.socket(CONSOLE);
  await expect.poll(() => lines).toHaveLength(1);
  first.close();
  await expect.poll(() => lines[0]?.destroyed).toBe(true);
  ada.socket(CONSOLE);
  await expect.poll(() => lines).toHaveLength(2);
});

test('a right that is taken ends the console for him alone whose it was', async () => {
  lab.granted.add('eve terminal desk');
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const eve = await lab.browser('eve').signIn();
  const hers = ada.socket(CONSOLE);
  const his = eve.socket(CONSOLE);
  const heard = heardBy(hers);
  expect(await Promise.all([hers, his].map(outcome))).toEqual(['open', 'open']);
  await expect.poll(() => lines).toHaveLength(1);
  const closed = closeCode(his);
  lab.revoke('eve terminal desk', 'tenant-ada');
  expect(await closed).toBe(4403);
  lines[0]?.write('still here');
  await expect.poll(heard).toBe('still here');
});

test('a machine that ends closes its console, so that the page tries again', async () => {
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  const socket = ada.socket(CONSOLE);
  await expect.poll(() => lines).toHaveLength(1);
  const closed = closeCode(socket);
  lines[0]?.destroy();
  expect(await closed).toBe(4503);
});

test('what fills the disk of a machine is not taken for the machine', async () => {
  const labels = { 'crownlabs.polito.it/instance': 'desk', 'crownlabs.polito.it/environment': 'desktop', 'cdi.kubevirt.io': 'importer' };
  lab.runMachine(GUEST, { gui: false, phase: 'Running' });
  lab.pods.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'importer', namespace: 'tenant-ada', uid: 'importer', creationTimestamp: new Date().toISOString(), labels },
    status: { podIP: GUEST, phase: 'Running' },
  });
  await look();
  expect(asked).toEqual(['vnc of tenant-ada/desk-desktop']);
});
