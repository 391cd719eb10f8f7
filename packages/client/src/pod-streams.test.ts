import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scope } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { podStreams } from './pod-streams.ts';
import { readText } from './response-body.ts';

/** A kubelet that echoes: exec gives stdin back in capitals, a forwarded port gives back what it got. */
async function echoing() {
  const server = createServer((_, answer) => answer.end('line\n'));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.includes('/secret/')) {
      const status = JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'not yours' });
      socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: ${status.length}\r\n\r\n${status}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      if (request.url?.includes('portforward')) for (const channel of [0, 1]) ws.send(Uint8Array.of(channel, 22, 0));
      ws.on('message', (data: Buffer) => {
        if (data[0] === 0)
          ws.send(
            Buffer.concat([Uint8Array.of(request.url?.includes('exec') ? 1 : 0), Buffer.from(data.subarray(1).toString().toUpperCase())]),
          );
        if (data[0] !== 255) return;
        const failure = {
          kind: 'Status',
          status: 'Failure',
          reason: 'NonZeroExitCode',
          details: { causes: [{ reason: 'ExitCode', message: '3' }] },
        };
        ws.send(Buffer.concat([Uint8Array.of(3), Buffer.from(JSON.stringify(failure))]));
        ws.close();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  return { endpoint: { server: `http://127.0.0.1:${port}` }, [Symbol.dispose]: () => [server.close(), server.closeAllConnections()] };
}

const pod = { namespace: 'lab', name: 'a' };
const soon = () => AbortSignal.timeout(2000);

test('a command in a pod is talked to and leaves its exit code', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await echoing());
  const run = await podStreams(endpoint).exec(pod, { container: 'c', command: ['cat'], stdin: true }, soon());
  run.stdin.write('hello');
  run.stdin.end();
  expect(await readText(run.stdout)).toBe('HELLO');
  expect(await run.exited).toBe(3);
});

test('a forwarded port is a connection', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await echoing());
  const connection = await podStreams(endpoint).portForward(pod, 22, soon());
  connection.write('ping');
  const first = await new Promise((resolve) => connection.once('data', (data: Buffer) => resolve(data.toString())));
  expect(first).toBe('PING');
  connection.destroy();
});

test('a refusal is the Status that the API answered', async () => {
  await using owned = scope();
  const { endpoint } = owned.use(await echoing());
  const refused = podStreams(endpoint).exec({ namespace: 'secret', name: 'a' }, { container: 'c', command: ['id'] }, soon());
  await expect(refused).rejects.toMatchObject({ code: 'Forbidden', message: 'not yours' });
  expect(await readText(podStreams(endpoint).log(pod, { tailLines: 1 }, soon()))).toBe('line\n');
});
