import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { missingTools } from './local-pod.test-support.ts';

// What forwards to a guest accepts for it, so a connection proves nothing: the guest has to say something.

const PROGRAMS = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/', import.meta.url).pathname;
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
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
    execFile('sh', [`${PROGRAMS}answers`, ...words], { env: ENV }, (error) => resolve(error ? Number(error.code) : 0));
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

/** An agent as the emulator shows it to one who asks: what it owes others comes first, and what it has not read when he leaves is forgotten. */
async function agent(owed: readonly string[], says: (question: { execute: string; arguments?: { id?: number } }) => object) {
  const place = mkdtempSync(join(tmpdir(), 'crownlabs-agent-'));
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write(owed.map((line) => `${line}\n`).join(''));
    createInterface({ input: socket }).on('line', (line) => {
      const question = JSON.parse(line) as { execute: string; arguments?: { id?: number } };
      setTimeout(() => {
        if (socket.readyState !== 'open') return;
        asked.push(question.execute);
        socket.write(`${JSON.stringify({ return: says(question) }).replace(':', ': ')}\n`);
      }, 200);
    });
  });
  server.listen(join(place, 'agent.sock'));
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    rmSync(place, { recursive: true });
  });
  const run = (words: readonly string[], input = '') =>
    new Promise<number>((resolve) => {
      const [program = '', ...rest] = words;
      const child = execFile('sh', [`${PROGRAMS}${program}`, ...rest], { env: { ...ENV, MACHINE_RUN: place } }, (error) =>
        resolve(error ? Number(error.code) : 0),
      );
      child.stdin?.end(input);
    });
  return { asked, run };
}

test.skipIf(missing.length > 0)(
  "an agent's answer is its answer to the question, and not what it owed somebody who went away",
  async () => {
    const owes = ['{"return": {}}', '{"return": {"pid": 12}}', '{"return": 4}'];
    const lively = await agent(owes, ({ arguments: words }) => words?.id ?? {});
    expect(await lively.run(['answers', 'agent'])).toBe(0);
    expect(lively.asked[0]).toBe('guest-sync');
    const stuck = await agent(owes, () => ({}));
    expect(await stuck.run(['answers', 'agent'])).toBe(1);
  },
);

test.skipIf(missing.length > 0)('a program is run in a guest whose agent says something else first', async () => {
  const slow = await agent(['{"return": {}}', '{"return": {}}'], ({ execute }) => (execute === 'guest-exec' ? { pid: 7 } : {}));
  const questions = '{"execute":"guest-set-time"}\n{"execute":"guest-exec"}\n';
  expect(await slow.run(['run-in-guest'], questions)).toBe(0);
  expect(slow.asked.slice(0, 2)).toEqual(['guest-set-time', 'guest-exec']);
});
