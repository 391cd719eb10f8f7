import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scope } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { pods } from './built-in.ts';
import { createClient } from './create-client.ts';
import { httpTransport } from './http-transport.ts';
import { kubeconfigEndpoint } from './kubeconfig.ts';

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'transport-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function listening(answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer as never);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server: `http://127.0.0.1:${port}/root`, [Symbol.dispose]: () => [server.close(), server.closeAllConnections()] };
}

test('two hundred watches run side by side with ordinary requests', async () => {
  await using owned = scope();
  const { server } = owned.use(
    await listening(((request: { url: string }, response: { write(text: string): void; end(text: string): void }) => {
      const line = JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'a', resourceVersion: '1' } } });
      if (request.url.includes('watch=true')) response.write(`${line}\n`);
      else response.end(JSON.stringify({ metadata: { name: request.url } }));
    }) as never),
  );
  const client = createClient(httpTransport({ server, token: 't' }), { fieldManager: 'test' });
  const control = new AbortController();
  const firsts = Array.from({ length: 200 }, async () => {
    for await (const event of client.watch(pods, {}, control.signal)) return event.object.metadata.name;
    return 'none';
  });
  expect(new Set(await Promise.all(firsts))).toEqual(new Set(['a']));
  expect((await client.get(pods, 'x', 'lab')).metadata.name).toBe('/root/api/v1/namespaces/lab/pods/x');
  control.abort();
});

test('the bearer is sent, and a caller may send another one', async () => {
  await using owned = scope();
  const { server } = owned.use(
    await listening(((request: { headers: { authorization?: string } }, response: { end(text: string): void }) => {
      response.end(JSON.stringify(request.headers.authorization));
    }) as never),
  );
  const client = createClient(httpTransport({ server, token: 'mine' }), { fieldManager: 'test' });
  expect(await client.raw('GET', '/x')).toBe('Bearer mine');
  expect(await client.raw('GET', '/x', undefined, { authorization: 'Bearer yours' })).toBe('Bearer yours');
});

test('a token that was refused is read anew, because another may have come into its file', async () => {
  await using owned = scope();
  const tokenFile = join(owned.use(await temporaryFolder()).path, 'token');
  const refusals: string[] = [];
  const { server } = owned.use(
    await listening((request, response) => {
      const bearer = request.headers.authorization ?? '';
      if (bearer !== 'Bearer new') refusals.push(bearer);
      response.writeHead(bearer === 'Bearer new' ? 200 : 401).end('{}');
    }),
  );
  const client = createClient(httpTransport({ server, tokenFile }), { fieldManager: 'test' });
  await writeFile(tokenFile, 'old');
  await expect(client.raw('POST', '/x', {})).rejects.toMatchObject({ code: 'Unauthorized' });
  await writeFile(tokenFile, 'new');
  expect(await client.raw('POST', '/x', {})).toEqual({});
  expect(refusals).toEqual(['Bearer old', 'Bearer old']);
});

test('a server that is not there is ServiceUnavailable, with the address', async () => {
  const client = createClient(httpTransport({ server: 'http://127.0.0.1:1' }), { fieldManager: 'test' });
  await expect(client.get(pods, 'x', 'lab')).rejects.toMatchObject({
    code: 'ServiceUnavailable',
    message: expect.stringContaining('127.0.0.1:1'),
  });
});

const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: lab
contexts: [{ name: lab, context: { cluster: c, user: u } }, { name: other, context: { cluster: gone, user: u } }]
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:6443', certificate-authority-data: Q0E= } }]
users: [{ name: u, user: { token: secret } }]
`;

test('a kubeconfig becomes an endpoint; what it lacks is named', () => {
  expect(kubeconfigEndpoint(KUBECONFIG)).toEqual({ server: 'https://127.0.0.1:6443', ca: 'CA', token: 'secret' });
  expect(() => kubeconfigEndpoint(KUBECONFIG, { context: 'other' })).toThrow('no server for cluster gone');
  expect(() => kubeconfigEndpoint(KUBECONFIG, { context: 'none' })).toThrow('no context none');
});
