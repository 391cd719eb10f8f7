/**
 * The peer of `bench/api.ts`: the least that a TLS server of node does for the same requests. It stores nothing and checks nothing:
 * a GET answers the bytes of a pod, a POST answers them and writes them to all who watch. What it reaches is the limit for ours.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'bare-'));
const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
execFileSync(
  'openssl',
  ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=bare', '-keyout', key, '-out', cert],
  {
    stdio: 'ignore',
  },
);

const ANSWER_BYTES = 1500;
const watchers = new Set<ServerResponse>();
const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  if (request.url?.includes('watch=1')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const name = /"metadata":\{"name":"[^"]*"/.exec(Buffer.concat(chunks).toString())?.[0] ?? '';
    const body = Buffer.from(`{"kind":"Pod",${name}},"x":"${'x'.repeat(ANSWER_BYTES)}"}`);
    if (request.method === 'POST' && name !== '') {
      const event = Buffer.concat([Buffer.from('{"type":"ADDED","object":'), body, Buffer.from('}\n')]);
      for (const watcher of watchers) watcher.write(event);
    }
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
rmSync(folder, { recursive: true });
server.listen(0, '127.0.0.1', () => process.stderr.write(`port ${(server.address() as AddressInfo).port}\n`));
process.once('SIGTERM', () => process.exit(0));
