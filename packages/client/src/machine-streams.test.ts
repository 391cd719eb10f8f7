import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scope } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { machineStreams } from './machine-streams.ts';

/** An API whose machine `a` greets with its own path and echoes; any other machine does not run. */
async function greeting() {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!request.url?.includes('/virtualmachineinstances/a/')) {
      const status = JSON.stringify({ kind: 'Status', code: 409, reason: 'Conflict', message: 'it is not running' });
      socket.end(`HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: ${status.length}\r\n\r\n${status}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.send(Buffer.from(`${ws.protocol} ${request.url} `));
      ws.on('message', (data) => ws.send(data));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { endpoint: { server: `http://127.0.0.1:${port}` }, [Symbol.dispose]: () => [server.close(), server.closeAllConnections()] };
}

const BELOW = '/apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachineinstances/a';

test('the screen, the console and a port of a machine are streams of bytes at the addresses of KubeVirt, and the first of them are not lost', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await greeting());
  const streams = machineStreams(endpoint);
  const soon = AbortSignal.timeout(2000);
  const machine = { namespace: 'lab', name: 'a' };
  const opened = {
    vnc: await streams.open(machine, 'vnc', soon),
    console: await streams.open(machine, 'console', soon),
    'portforward/22/tcp': await streams.portForward(machine, 22, soon),
  };
  for (const [subresource, stream] of Object.entries(opened)) {
    stream.write('ping');
    let heard = '';
    for await (const bytes of stream) {
      heard += String(bytes);
      if (heard.endsWith('ping')) break;
    }
    expect(heard).toBe(`plain.kubevirt.io ${BELOW}/${subresource} ping`);
  }
});

test('datagrams are told apart, also when several come before anybody reads', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await greeting());
  const stream = await machineStreams(endpoint).datagrams({ namespace: 'lab', name: 'a' }, 53, AbortSignal.timeout(2000));
  for (const word of ['one', 'two']) stream.write(word);
  await once(stream, 'readable');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const heard: string[] = [];
  for await (const datagram of stream) {
    heard.push(String(datagram));
    if (heard.length === 3) break;
  }
  expect(heard).toEqual([`plain.kubevirt.io ${BELOW}/portforward/53/udp `, 'one', 'two']);
});

test('a machine that does not run is refused with the words of the API', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await greeting());
  const refused = machineStreams(endpoint).open({ namespace: 'lab', name: 'b' }, 'vnc', AbortSignal.timeout(2000));
  await expect(refused).rejects.toMatchObject({ code: 'Conflict', message: 'it is not running' });
});
