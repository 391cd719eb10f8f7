/**
 * Measures the embedded API as a program of its own: creates, gets, lists, status patches and watch fan-out over TLS with HTTP/1.1
 * connections. `node bench/api.ts [--seconds 3] [--connections 32] [--objects 2000]`. It starts a server process on a fresh data directory.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    objects: { type: 'string', default: '2000' },
  },
});
const SECONDS = Number(values.seconds);
const CONNECTIONS = Number(values.connections);
const OBJECTS = Number(values.objects);
const PORT = 17_000 + Math.floor(Math.random() * 1000);

const data = mkdtempSync(join(tmpdir(), 'api-bench-'));
const began = performance.now();
const server = spawn(
  process.execPath,
  [join(import.meta.dirname, '../tools/oracle-server.ts'), '--port', String(PORT), '--data-dir', data, '--no-controllers'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
await new Promise((resolve) => server.stdout.once('data', resolve));
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });

interface Answer {
  readonly status: number;
  readonly bytes: number;
}

function call(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { authorization: 'Bearer oracle-token' };
    if (body !== undefined) Object.assign(headers, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    const sent = request({ host: '127.0.0.1', port: PORT, method, path, headers, agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function memory(): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function rate(name: string, work: (n: number) => Promise<unknown>): Promise<void> {
  let n = 0;
  const until = performance.now() + SECONDS * 1000;
  const start = performance.now();
  const cpu = cpuSeconds();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) await work(n++);
    }),
  );
  const each = Math.round(((cpuSeconds() - cpu) * 1e6) / n);
  console.log(`${name.padEnd(34)} ${Math.round((n * 1000) / (performance.now() - start))} per s, ${each} µs of server CPU each`);
}

const pod = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', 'crownlabs.polito.it/workspace': 'netgroup' } },
    spec: { containers: [{ name: 'c', image: 'crownlabs/desktop:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
  });
const PODS = '/api/v1/namespaces/bench/pods';

console.log(`ready after ${Math.round(performance.now() - began)} ms, ${memory()} MB idle`);
await call('POST', '/api/v1/namespaces', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } }));
await rate('create pod', (n) => call('POST', PODS, pod(`p${n}`)));
await rate('get pod', (n) => call('GET', `${PODS}/p${n % 500}`));
await rate('status patch', (n) =>
  call('PATCH', `${PODS}/p${n % 500}/status`, JSON.stringify({ status: { message: `m${n}` } }), 'application/merge-patch+json'),
);
await call('DELETE', PODS);
for (let n = 0; n < OBJECTS; n += CONNECTIONS) {
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, OBJECTS - n) }, (_, at) => call('POST', PODS, pod(`q${n + at}`))));
}
for (let round = 0; round < 3; round += 1) {
  const start = performance.now();
  const { bytes } = await call('GET', PODS);
  console.log(`list ${OBJECTS}`.padEnd(34), Math.round(performance.now() - start), 'ms', Math.round(bytes / 1024), 'kB');
}
await watchers(100);
const cpu = cpuSeconds();
await sleep(3000);
console.log('idle cpu'.padEnd(34), `${(((cpuSeconds() - cpu) / 3) * 100).toFixed(1)} %`, memory(), 'MB');
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
rmSync(data, { recursive: true });

async function watchers(count: number): Promise<void> {
  let events = 0;
  const latencies: number[] = [];
  const sent = new Map<string, number>();
  const pool = new Agent({ maxSockets: count, rejectUnauthorized: false });
  const open = Array.from({ length: count }, (_, at) => {
    const watch = request({
      host: '127.0.0.1',
      port: PORT,
      path: `${PODS}?watch=1&resourceVersion=0&labelSelector=bench`,
      headers: { authorization: 'Bearer oracle-token' },
      agent: pool,
    });
    watch.end();
    watch.on('error', () => undefined);
    watch.on('response', (response) =>
      response.on('data', (chunk: Buffer) => {
        for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) events += 1;
        if (at !== 0) return;
        for (const [, name] of chunk.toString().matchAll(/"name":"(w\d+)"/g)) {
          const from = sent.get(name ?? '');
          if (from !== undefined) latencies.push(performance.now() - from);
        }
      }),
    );
    return watch;
  });
  await sleep(1000);
  console.log('memory with watchers'.padEnd(34), memory(), 'MB');
  const start = performance.now();
  let n = 0;
  const until = start + SECONDS * 1000;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() < until) {
        const name = `w${n++}`;
        sent.set(name, performance.now());
        await call('POST', PODS, pod(name).replace('"app":"bench"', '"bench":"1"'));
      }
    }),
  );
  await sleep(300);
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  console.log(
    `watch fan-out to ${count}`.padEnd(34),
    Math.round(events / seconds),
    'events per s, p99',
    Math.round(p99),
    'ms',
    n,
    'creates',
  );
  for (const watch of open) watch.destroy();
}
