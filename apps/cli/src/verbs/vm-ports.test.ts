import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { listenForConnections, listenForDatagrams, wantedPort } from './vm-ports.ts';

test.each([
  ['22', { protocol: 'tcp', port: 22, local: undefined }],
  ['8080:80', { protocol: 'tcp', port: 80, local: 8080 }],
  [':80/tcp', { protocol: 'tcp', port: 80, local: 0 }],
  ['53/udp', { protocol: 'udp', port: 53, local: 53 }],
  ['5353:53/udp', { protocol: 'udp', port: 53, local: 5353 }],
])('%s is a port', (text, wanted) => {
  expect(wantedPort(text)).toEqual(wanted);
});

test.each(['', '0', 'ssh', '65536', '99999:22', '22/sctp', '1:2:3', '-1'])('"%s" is none, and it is said what to write', (text) => {
  expect(() => wantedPort(text)).toThrow('write PORT, LOCAL:PORT or LOCAL:PORT/udp');
});

test('each connection to the port has one of its own, and one that cannot be had is closed', async () => {
  let opened = 0;
  await using listening = await listenForConnections(0, async () => {
    opened += 1;
    if (opened > 1) throw new Error('it has been switched off');
    return new PassThrough();
  });
  await expect(listenForConnections(listening.port, async () => new PassThrough())).rejects.toThrow('name another one before the colon');
  const first = connect(listening.port, '127.0.0.1');
  first.write('echo');
  expect(String((await once(first, 'data'))[0])).toBe('echo');
  first.destroy();
  const second = connect(listening.port, '127.0.0.1');
  await once(second, 'close');
  expect(opened).toBe(2);
});

/** Sends each datagram back, with its length before it. */
const echo = () => {
  const stream: Duplex = new Duplex({
    readableObjectMode: true,
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      stream.push(Buffer.from(`${chunk.length}:${chunk.toString()}`));
      done();
    },
  });
  return stream;
};

test('datagrams of each sender go through a stream of his own, one by one, and the answers back to him', async () => {
  let opened = 0;
  await using listening = await listenForDatagrams(0, async () => {
    opened += 1;
    return echo();
  });
  for (const name of ['ada', 'bob']) {
    const sender = createSocket('udp4');
    const heard: string[] = [];
    const both = new Promise<void>((resolve) => {
      sender.on('message', (datagram) => heard.push(datagram.toString()) === 2 && resolve());
    });
    for (const word of [name, 'x']) sender.send(word, listening.port, '127.0.0.1');
    await both;
    expect(heard.toSorted()).toEqual(['1:x', `3:${name}`]);
    sender.close();
  }
  expect(opened).toBe(2);
});
