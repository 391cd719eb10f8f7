import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { endOf } from './server-end.ts';

test('a server ends at once, also when somebody has a socket open that is no request any more', async () => {
  const server = createServer();
  const end = endOf(server);
  server.on('upgrade', (_, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1').on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n');
  await once(client, 'data');
  const closed = once(client, 'close');
  const begun = performance.now();
  await end();
  await closed;
  expect(performance.now() - begun).toBeLessThan(2_000);
});
