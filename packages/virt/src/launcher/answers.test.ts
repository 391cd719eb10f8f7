import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { missingTools } from './local-pod.test-support.ts';

// What forwards to a guest accepts for it, so a connection proves nothing: the guest has to say something.

const ANSWERS = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/answers', import.meta.url).pathname;
const missing = missingTools('socat', 'curl');

async function listening(meet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    meet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const asked = (...words: readonly string[]) =>
  new Promise<number>((resolve) => {
    execFile('sh', [ANSWERS, ...words], { env: { PATH: '/usr/local/bin:/usr/bin:/bin' } }, (error) =>
      resolve(error ? Number(error.code) : 0),
    );
  });

test.skipIf(missing.length > 0)(
  'a guest counts as there when it says something, and not when only its connections are accepted',
  async () => {
    const ssh = await listening((socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const web = await listening((socket) => void socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\n')));
    // Its sshd is masked, or it is frozen: the emulator accepts, and nobody speaks.
    const frozen = await listening(() => undefined);
    const closed = await listening((socket) => void socket.end());
    const ports = [ssh, web, frozen, closed].map(String);
    expect(await Promise.all(ports.map((port) => asked('tcp', port)))).toEqual([0, 0, 1, 1]);
  },
);
