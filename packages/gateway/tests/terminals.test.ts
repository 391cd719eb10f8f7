import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { Exec } from '../src/index.ts';
import { closeCode, Lab, outcome } from './lab.ts';

const PATH = '/api/terminal/tenant-ada/desk/desktop';

let lab: Lab;
let sizes: [number, number][];
let commands: readonly string[][];
let aborted: boolean;

/** A shell that says everything again, and ends at `exit`. */
const echo: Exec = async (_pod, { command }, signal) => {
  commands = [...commands, [...command]];
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const exited = Promise.withResolvers<number>();
  stdin.on('data', (bytes: Buffer) => {
    if (bytes.toString() === 'exit\r') {
      stdout.end();
      exited.resolve(3);
    } else stdout.write(bytes);
  });
  signal.addEventListener('abort', () => {
    aborted = true;
  });
  return { stdin, stdout, resize: async (columns, rows) => void sizes.push([columns, rows]), exited: exited.promise };
};

beforeEach(async () => {
  [sizes, commands, aborted] = [[], [], false];
  lab = await Lab.start({ exec: echo });
  lab.granted.add('ada terminal desk');
});

afterEach(() => lab[Symbol.asyncDispose]());

const text = async (socket: WebSocket) => String((await once(socket, 'message'))[0]);

test('a terminal carries bytes both ways, follows the size of the window, and tells how the shell ended', async () => {
  lab.runPod();
  const socket = (await lab.browser().signIn()).socket(PATH);
  expect(await outcome(socket)).toBe('open');
  socket.send(Buffer.from('ls\r'));
  expect(await text(socket)).toBe('ls\r');
  socket.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }));
  socket.send(Buffer.from('exit\r'));
  expect(JSON.parse(await text(socket))).toEqual({ type: 'exit', code: 3 });
  expect(sizes).toEqual([[120, 40]]);
  expect(commands[0]?.[0]).toBe('/bin/sh');
});

test('what is typed before the environment is there arrives in it', async () => {
  const socket = (await lab.browser().signIn()).socket(PATH);
  expect(await outcome(socket)).toBe('open');
  socket.send(Buffer.from('early'));
  const heard = text(socket);
  lab.runPod();
  expect(await heard).toBe('early');
});

test('a stranger, another student and another site get no shell', async () => {
  lab.runPod();
  expect(await outcome(lab.browser().socket(PATH))).toBe('401');
  expect(await outcome((await lab.browser('eve').signIn()).socket(PATH))).toBe('403');
  expect(await outcome((await lab.browser().signIn()).socket(PATH, { origin: lab.appOrigin() }))).toBe('403');
  expect(await outcome((await lab.browser().signIn()).socket('/api/terminal/tenant-ada/desk/none'))).toBe('404');
  expect(commands).toEqual([]);
});

test('a right that is taken ends the terminal and what runs in it', async () => {
  lab.runPod();
  const socket = (await lab.browser().signIn()).socket(PATH);
  await outcome(socket);
  lab.revoke('ada terminal desk', 'tenant-ada');
  expect(await closeCode(socket)).toBe(4403);
  await expect.poll(() => aborted).toBe(true);
});

test('nonsense and oversize messages close the terminal', async () => {
  lab.runPod();
  const browser = await lab.browser().signIn();
  for (const message of ['{"type":"resize","cols":-1,"rows":9}', 'no json', '{"type":"resize","cols":100000,"rows":2}']) {
    const socket = browser.socket(PATH);
    await outcome(socket);
    socket.send(message);
    expect(await closeCode(socket)).toBe(1003);
  }
  const socket = browser.socket(PATH);
  await outcome(socket);
  socket.send(Buffer.alloc(300 * 1024));
  expect(await closeCode(socket)).toBe(1009);
});

test('a stopped environment ends its terminals', async () => {
  lab.runPod();
  const socket = (await lab.browser().signIn()).socket(PATH);
  await outcome(socket);
  const closed = closeCode(socket);
  await new Promise((resolve) => setTimeout(resolve, 50));
  lab.pods.remove('desk-desktop', 'tenant-ada');
  expect(await closed).toBe(4503);
});

test('opening a terminal and typing in it is use; a window that changes its size is not', async () => {
  lab.runPod();
  const socket = (await lab.browser().signIn()).socket(PATH);
  expect(await outcome(socket)).toBe('open');
  expect(lab.uses).toEqual(['used desk']);
  socket.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }));
  await expect.poll(() => sizes).toHaveLength(1);
  expect(lab.uses).toHaveLength(1);
  socket.send(Buffer.from('ls\r'));
  await text(socket);
  expect(lab.uses).toEqual(['used desk', 'used desk']);
});
