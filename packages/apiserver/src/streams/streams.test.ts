import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { constants, createDeflate } from 'node:zlib';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApi, type TestApi } from '../fakes/test-api.ts';
import type { Kubelet } from '../kubelet.ts';
import { SPDY_DICTIONARY } from './spdy-dictionary.ts';

const PODS = '/api/v1/namespaces/default/pods';

/** A node whose commands say what they are told, and whose ports answer in capitals. */
const kubelet: Kubelet = {
  async *log(pod, options) {
    yield Buffer.from(`${pod.name}/${options.container} tail=${options.tailLines}\n`);
    if (options.follow) yield Buffer.from('more\n');
  },
  async exec(_, { command }) {
    const stdin = new PassThrough();
    const exited = command[0] === 'false' ? Promise.resolve(3) : once(stdin, 'end').then(() => 0);
    return { stdin, stdout: command[0] === 'false' ? none() : stdin, stderr: none(), resize: async () => undefined, exited };
  },
  async dial(_, port) {
    if (port !== 80) throw new Error('connection refused');
    return Duplex.from(async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) yield Buffer.from(chunk.toString().toUpperCase());
    });
  },
};

async function* none(): AsyncGenerator<Uint8Array> {}

async function podOn(api: TestApi): Promise<string> {
  api.server.registerKubelet('n1', kubelet);
  await api.send('POST', PODS, { metadata: { name: 'p' }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] } });
  const { url } = await api.server.listen({ host: '127.0.0.1', port: 0 });
  return url.replace('http', 'ws');
}

const connect = (url: string, protocols: string[]) => new WebSocket(url, protocols, { headers: { authorization: 'Bearer t' } });
const options = { tokenFile: 't,admin,1,"system:masters"\n' };

async function messages(socket: WebSocket): Promise<Buffer[]> {
  const all: Buffer[] = [];
  socket.on('message', (data) => all.push(data as Buffer));
  await once(socket, 'close');
  return all;
}

test('a log is passed on with its options', async () => {
  await using api = await startTestApi(options);
  await podOn(api);
  expect((await api.send('GET', `${PODS}/p/log?tailLines=5`)).body).toBe('p/c tail=5\n');
});

test('a log arrives whole over a socket, however it is cut', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const response = await fetch(`${url.replace('ws', 'http')}${PODS}/p/log?follow=true`, { headers: { authorization: 'Bearer t' } });
  expect(await response.text()).toBe('p/c tail=undefined\nmore\n');
});

test('a command gets its input and gives its output and its end over the channels of exec', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const socket = connect(`${url}${PODS}/p/exec?command=cat&stdin=true&stdout=true`, ['v5.channel.k8s.io']);
  const received = messages(socket);
  await once(socket, 'open');
  socket.send(Buffer.from([0, ...Buffer.from('hello')]));
  socket.send(Buffer.from([255, 0]));
  const all = await received;
  expect(all.filter((one) => one[0] === 1).map((one) => one.subarray(1).toString())).toEqual(['hello']);
  expect(JSON.parse((all.at(-1) ?? Buffer.alloc(1)).subarray(1).toString())).toMatchObject({ status: 'Success' });
});

test('a command that fails says with which code', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const all = await messages(connect(`${url}${PODS}/p/exec?command=false&stdout=true`, ['v4.channel.k8s.io']));
  const status = JSON.parse((all.at(-1) ?? Buffer.alloc(1)).subarray(1).toString());
  expect(status.details.causes).toEqual([{ reason: 'ExitCode', message: '3' }]);
});

test('an upgrade that may not be is answered like a request', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const socket = connect(`${url}${PODS}/none/exec?command=ls`, ['v5.channel.k8s.io']);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(404);
  socket.on('error', () => undefined);
  socket.terminate();
});

/** How kubectl asks again when it got no WebSocket. It shows this answer alone. */
async function askedTheOldWay(url: string): Promise<{ code: number; message: string }> {
  const headers = { authorization: 'Bearer t', connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  const [response] = (await once(request(url.replace('ws', 'http'), { method: 'POST', headers }).end(), 'response')) as [IncomingMessage];
  return JSON.parse(Buffer.concat(await response.toArray()).toString());
}

test('a client that falls back to SPDY hears the real reason, and only without one that WebSocket is needed', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const exec = (query: string) => askedTheOldWay(`${url}${PODS}/p/exec?command=ls${query}`);
  expect(await exec('&container=x')).toMatchObject({ code: 400, message: 'container x is not valid for pod p' });
  const waiting = [{ name: 'c', state: { waiting: { reason: 'ImagePullBackOff' } } }];
  await api.send('PATCH', `${PODS}/p/status`, { status: { containerStatuses: waiting } });
  expect(await exec('')).toMatchObject({ code: 400, message: 'container "c" in pod "p" is not running: ImagePullBackOff' });
  await api.send('PATCH', `${PODS}/p/status`, { status: { containerStatuses: [{ name: 'c', state: { running: {} } }] } });
  expect((await exec('')).message).toContain('upgrades to WebSocket only');
});

test('a node that is about to connect is waited for', async () => {
  await using api = await startTestApi(options);
  await api.send('POST', '/api/v1/nodes', { metadata: { name: 'n2' } });
  await api.send('POST', PODS, { metadata: { name: 'late' }, spec: { nodeName: 'n2', containers: [{ name: 'c', image: 'i' }] } });
  const log = api.send('GET', `${PODS}/late/log`);
  setTimeout(() => api.server.registerKubelet('n2', kubelet), 100);
  expect((await log).body).toBe('late/c tail=undefined\n');
});

test('a node that does not come is named, and a node that there is not is not waited for', async () => {
  const hurried = { now: Date.now, sleep: () => Promise.resolve() };
  await using api = await startTestApi({ ...options, clock: hurried });
  for (const nodeName of ['n3', 'n4'])
    await api.send('POST', PODS, { metadata: { name: `on-${nodeName}` }, spec: { nodeName, containers: [{ name: 'c', image: 'i' }] } });
  await api.send('POST', '/api/v1/nodes', { metadata: { name: 'n3' } });
  const said = async (name: string) => (await api.send('GET', `${PODS}/${name}/log`)).body;
  expect(await said('on-n3')).toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('node n3 is not connected yet'),
  });
  expect(await said('on-n4')).toMatchObject({ reason: 'ServiceUnavailable', message: 'node n4 is not connected' });
});

test('a port is reached over channels, as older clients do it', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const socket = connect(`${url}${PODS}/p/portforward?ports=80`, ['v4.channel.k8s.io']);
  await once(socket, 'open');
  const got = new Promise<string>((resolve) =>
    socket.on('message', (data: Buffer) => data.length > 3 && resolve(data.subarray(1).toString())),
  );
  socket.send(Buffer.from([0, ...Buffer.from('ping')]));
  expect(await got).toBe('PING');
  socket.close();
});

test('a port is reached over SPDY frames in a WebSocket, as current kubectl does it', async () => {
  await using api = await startTestApi(options);
  const url = await podOn(api);
  const socket = await tunnel(`${url.replace('ws', 'http')}${PODS}/p/portforward?ports=80`);
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  const compressed: Buffer[] = [];
  deflate.on('data', (part: Buffer) => compressed.push(part));
  const block = async (headers: Record<string, string>) => {
    const field = (text: string) => Buffer.concat([number(text.length), Buffer.from(text)]);
    const pairs = Object.entries(headers);
    deflate.write(Buffer.concat([number(pairs.length), ...pairs.flatMap(([name, value]) => [field(name), field(value)])]));
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return Buffer.concat(compressed.splice(0));
  };
  const open = async (id: number, streamtype: string) => {
    const body = Buffer.concat([number(id), number(0), Buffer.alloc(2), await block({ streamtype, port: '80', requestid: '0' })]);
    socket.write(message(Buffer.concat([Buffer.from([0x80, 3, 0, 1, 0]), number(body.length).subarray(1), body])));
  };
  const frames: Buffer[] = [];
  socket.on('data', (data: Buffer) => frames.push(...payloads(data)));
  await open(1, 'error');
  await open(3, 'data');
  socket.write(message(Buffer.concat([number(3), Buffer.from([1]), number(4).subarray(1), Buffer.from('ping')])));
  await new Promise<void>((resolve) => socket.on('data', () => frames.some((one) => one.includes('PING')) && resolve()));
  const replies = frames.filter((one) => one[0] === 0x80 && one[3] === 2).map((one) => one.readUInt32BE(8));
  expect(replies).toEqual([1, 3]);
  const answer = frames.find((one) => one.includes('PING'));
  expect([answer?.readUInt32BE(0), answer?.subarray(8).toString()]).toEqual([3, 'PING']);
  socket.destroy();
});

/** A WebSocket by hand: no library offers a subprotocol with a slash in its name. */
async function tunnel(url: string): Promise<Duplex> {
  const headers = {
    authorization: 'Bearer t',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  };
  const [response, socket] = (await once(request(url, { headers }).end(), 'upgrade')) as [IncomingMessage, Duplex];
  expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
  return socket;
}

/** A binary message, masked with zeros. */
function message(data: Buffer): Buffer {
  const length = data.length < 126 ? [data.length | 0x80] : [126 | 0x80, data.length >> 8, data.length & 0xff];
  return Buffer.concat([Buffer.from([0x82, ...length]), Buffer.alloc(4), data]);
}

/** The payloads of unmasked, short messages. */
function payloads(data: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const length = data[at + 1] ?? 0;
    all.push(data.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return all;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
