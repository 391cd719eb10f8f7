/**
 * Measures the embedded API as a program of its own: creates, gets, lists, status patches and watch fan-out over TLS with HTTP/1.1
 * connections, each figure beside its budget. `node bench/api.ts [--seconds 3] [--connections 32] [--objects 2000] [--controllers]`.
 * It starts `crownlabs apiserver` on a fresh data directory, without its controllers unless they are asked for, and lets it warm up.
 * Where `etcd` is installed (Debian: etcd-server), the same is asked of it over its own protocol, and shown beside.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { besideEtcd } from './beside-etcd.ts';
import { perSecondOf } from './per-second.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    objects: { type: 'string', default: '2000' },
    controllers: { type: 'boolean', default: false },
  },
});
const SECONDS = Number(values.seconds);
const CONNECTIONS = Number(values.connections);
const OBJECTS = Number(values.objects);
/** Of architecture.md, for one machine: `least` per second, or `most` of the unit. */
const BUDGETS: Readonly<Record<string, { readonly least?: number; readonly most?: number }>> = {
  ready: { most: 500 },
  'memory, idle': { most: 120 },
  create: { least: 2660 },
  get: { least: 6800 },
  'status patch': { least: 1850 },
  'list of 2000': { most: 100 },
  'memory, 2000 objects, 100 watchers': { most: 200 },
  'watch events to 100': { least: 52_000 },
  'watch p99': { most: 50 },
  'CPU, idle': { most: 0.5 },
};
const FRUGAL = ['--max-semi-space-size=4', '--disable-warning=ExperimentalWarning'];
const TOKEN = 'bench-token';

const data = mkdtempSync(join(tmpdir(), 'api-bench-'));
writeFileSync(join(data, 'tokens.csv'), `${TOKEN},admin,admin-uid,"system:masters"\n`);
const began = performance.now();
const server = spawn(
  process.execPath,
  [
    ...FRUGAL,
    join(import.meta.dirname, '../apps/cli/src/main.ts'),
    'apiserver',
    '--data-dir',
    join(data, 'api'),
    '--secure-port',
    '0',
    '--token-auth-file',
    join(data, 'tokens.csv'),
    ...(values.controllers ? [] : ['--controllers=-*']),
  ],
  { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MALLOC_ARENA_MAX: '2' } },
);
const PORT = await new Promise<number>((resolve) => {
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const port = /"url":"https:[^"]*:(\d+)"/.exec(said)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
});
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });

function show(name: string, value: number, unit: string, more = ''): void {
  const { least, most } = BUDGETS[name] ?? {};
  const kept = (least === undefined || value >= least) && (most === undefined || value <= most);
  const budget = least === undefined && most === undefined ? '' : `${least === undefined ? '≤' : '≥'} ${least ?? most} ${kept ? '✓' : '✗'}`;
  console.log(`${name.padEnd(36)} ${String(value).padStart(8)} ${unit.padEnd(6)} ${budget.padEnd(12)} ${more}`);
}

interface Answer {
  readonly status: number;
  readonly bytes: number;
}

function call(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { authorization: `Bearer ${TOKEN}` };
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
  const cpu = cpuSeconds();
  const { perSecond, count } = await perSecondOf(work, SECONDS, CONNECTIONS);
  show(name, perSecond, 'per s', `${Math.round(((cpuSeconds() - cpu) * 1e6) / count)} µs of CPU each`);
}

const pod = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', 'crownlabs.polito.it/workspace': 'netgroup' } },
    spec: { containers: [{ name: 'c', image: 'crownlabs/desktop:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
  });
const PODS = '/api/v1/namespaces/bench/pods';

show('ready', Math.round(performance.now() - began), 'ms');
show('memory, idle', memory(), 'MB');
await call('POST', '/api/v1/namespaces', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } }));
await perSecondOf((n) => call('POST', PODS, pod(`warm${n}`)), 2, CONNECTIONS);
await call('DELETE', PODS);
await rate('create', (n) => call('POST', PODS, pod(`p${n}`)));
await rate('get', (n) => call('GET', `${PODS}/p${n % 500}`));
await rate('status patch', (n) =>
  call('PATCH', `${PODS}/p${n % 500}/status`, JSON.stringify({ status: { message: `m${n}` } }), 'application/merge-patch+json'),
);
await rate('server-side apply', (n) =>
  call(
    'PATCH',
    `${PODS}/p${n % 500}?fieldManager=bench&force=true`,
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { labels: { n: `n${n}` } } }),
    'application/apply-patch+yaml',
  ),
);
await call('DELETE', PODS);
for (let n = 0; n < OBJECTS; n += CONNECTIONS) {
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, OBJECTS - n) }, (_, at) => call('POST', PODS, pod(`q${n + at}`))));
}
for (let round = 0; round < 3; round += 1) {
  const start = performance.now();
  const { bytes } = await call('GET', PODS);
  show(`list of ${OBJECTS}`, Math.round(performance.now() - start), 'ms', `${Math.round(bytes / 1024)} kB`);
}
await watchers(100);
await sleep(2000);
const cpu = cpuSeconds();
await sleep(3000);
show('CPU, idle', Number((((cpuSeconds() - cpu) / 3) * 100).toFixed(1)), '%');
show('memory, at the end', memory(), 'MB');
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
rmSync(data, { recursive: true });
await besideEtcd((name, perSecond) => show(`etcd: ${name}`, perSecond, 'per s'), {
  seconds: SECONDS,
  connections: CONNECTIONS,
  value: pod('p'),
});

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
      headers: { authorization: `Bearer ${TOKEN}` },
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
  show('memory, 2000 objects, 100 watchers', memory(), 'MB');
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
  show(`watch events to ${count}`, Math.round(events / seconds), 'per s', `${n} creates`);
  show('watch p99', Math.round(latencies[Math.floor(latencies.length * 0.99)] ?? 0), 'ms');
  for (const watch of open) watch.destroy();
}
