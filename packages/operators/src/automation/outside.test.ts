import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { outsideGuard } from './outside.ts';

const options = { timeoutMs: 3_000, signal: new AbortController().signal };

test.each([
  'http://127.0.0.1/',
  'http://127.1/',
  'http://0x7f000001/',
  'http://0.0.0.0/',
  'http://localhost/',
  'http://10.0.0.5/',
  'http://172.16.3.4/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.64.0.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:a00:5]/',
  'http://[fe80::1]/',
  'http://[fd00::1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
])('%s is not asked', async (url) => {
  await expect(outsideGuard([]).fetch(url, options)).rejects.toMatchObject({ code: 'Forbidden' });
  await expect(outsideGuard([]).check(url)).rejects.toMatchObject({ code: 'Forbidden' });
});

test.each(['file:///etc/passwd', 'ftp://example.org/', 'gopher://example.org/', 'nonsense'])('%s is no web address', async (url) => {
  await expect(outsideGuard([]).fetch(url, options)).rejects.toMatchObject({ code: 'Invalid' });
});

test('public addresses may be named, and names that nobody knows yet', async () => {
  await expect(outsideGuard([]).check('https://93.184.216.34/hand-in')).resolves.toBeUndefined();
  await expect(outsideGuard([]).check('https://hand-in.invalid/')).resolves.toBeUndefined();
});

async function serving(answer: (path: string) => { status: number; headers?: Record<string, string>; body?: string }) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { status, headers, body } = answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, asked, [Symbol.dispose]: () => void server.close() };
}

test('what the configuration lists may be asked, by network, address or name', async () => {
  using server = await serving(() => ({ status: 200, body: 'yes' }));
  for (const rule of ['127.0.0.0/8', '127.0.0.1']) {
    const answer = await outsideGuard([rule]).fetch(`http://127.0.0.1:${server.port}/`, options);
    expect(answer).toEqual({ status: 200, body: 'yes' });
  }
  await outsideGuard(['localhost']).fetch(`http://localhost:${server.port}/`, options);
  await expect(outsideGuard(['10.0.0.0/8', 'example.org']).fetch(`http://127.0.0.1:${server.port}/`, options)).rejects.toMatchObject({
    code: 'Forbidden',
  });
  expect(server.asked).toHaveLength(3);
});

test('a redirect is an answer, not a way in', async () => {
  using server = await serving((path) =>
    path === '/' ? { status: 302, headers: { location: 'http://169.254.169.254/' } } : { status: 200 },
  );
  expect((await outsideGuard(['127.0.0.1']).fetch(`http://127.0.0.1:${server.port}/`, options)).status).toBe(302);
  expect(server.asked).toEqual(['/']);
});

test('an answer without end is cut off', async () => {
  using server = await serving(() => ({ status: 200, body: 'x'.repeat(100_000) }));
  await expect(outsideGuard(['127.0.0.1']).fetch(`http://127.0.0.1:${server.port}/`, options)).rejects.toThrow('too long');
});
