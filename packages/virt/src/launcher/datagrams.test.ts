import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { datagramsOver } from '../doors/datagrams.ts';
import { missingTools } from './local-pod.test-support.ts';

const PROGRAM = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/datagrams', import.meta.url).pathname;
const missing = missingTools('perl');

/** A server in the guest: says how long each datagram was. */
async function guest(): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (datagram, { port, address }) =>
    socket.send(`${datagram.length} ${datagram.toString().slice(0, 8)}`, port, address),
  );
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

test.skipIf(missing.length > 0)('datagrams reach a port of the guest one by one, however they are chopped on the way', async () => {
  const child = spawn('perl', [PROGRAM, String(await guest())], { stdio: ['pipe', 'pipe', 'inherit'] });
  // As a pipe may have it: some bytes now, the rest later, and several datagrams at once.
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const datagrams = datagramsOver(stream);
  datagrams.cork();
  for (const word of ['one', 'x'.repeat(60_000), '', 'three']) datagrams.write(Buffer.from(word));
  datagrams.uncork();
  const heard: string[] = [];
  for await (const datagram of datagrams as AsyncIterable<Buffer>) {
    heard.push(datagram.toString());
    if (heard.length === 3) break;
  }
  expect(heard).toEqual(['3 one', '60000 xxxxxxxx', '5 three']);
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
