import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { pod } from './pods.ts';
import type { Load } from './rates.ts';
import { show } from './scoreboard.ts';
import { ServerProcess } from './server-process.ts';

const VALUE = pod('p').padEnd(1300);
const WRITERS = 8;

/**
 * Asks an etcd of the machine for what our API was asked, in the clear and with values as large as stored pods: a create is a
 * guarded put, a status patch a get and a guarded put. It knows no kinds, no users and no rules; that it is beside us is the point.
 */
export async function besideEtcd(load: Load): Promise<void> {
  if (spawnSync('etcd', ['--version']).status !== 0) {
    console.log('etcd is not installed (Debian: etcd-server); nothing to compare with');
    return;
  }
  const data = mkdtempSync(join(tmpdir(), 'etcd-bench-'));
  try {
    {
      const { client, server } = await start(data, 'ready, empty');
      await using running = server;
      show({ name: 'etcd: memory, idle', value: running.memory, unit: 'MB' });
      await rates(client, running, load);
      await lists(client, [2000, 10_000]);
      for (const watchers of [100, 1000]) await fanOut(client, watchers, load.seconds);
      await client.delete().prefix('w');
      client.close();
    }
    const { client, server } = await start(data, 'ready, 10,000 objects');
    client.close();
    await server[Symbol.asyncDispose]();
  } finally {
    rmSync(data, { recursive: true });
  }
}

async function start(data: string, name: string): Promise<{ client: Etcd3; server: ServerProcess }> {
  const began = performance.now();
  const port = 23_000 + Math.floor(Math.random() * 1000);
  const url = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${port + 1}`;
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer];
  const cluster = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
  const child = spawn('etcd', ['--data-dir', data, '--log-level', 'error', ...urls, ...cluster], { stdio: 'ignore' });
  await once(child, 'spawn');
  // Its client takes answers of 4 MB where nothing is said; a list of 10,000 has 13.
  const client = new Etcd3({ hosts: url, grpcOptions: { 'grpc.max_receive_message_length': -1 } });
  await answers(client);
  const server = new ServerProcess(child, port, Math.round(performance.now() - began));
  show({ name: `etcd: ${name}`, value: server.readyMs, unit: 'ms' });
  return { client, server };
}

async function answers(client: Etcd3): Promise<void> {
  for (let left = 500; ; left -= 1) {
    try {
      await client.get('x').string();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(20);
    }
  }
}

async function rates(client: Etcd3, server: ServerProcess, load: Load): Promise<void> {
  let created = 0;
  for (let n = 0; n < 500; n += 1) await client.put(`p${n}`).value(VALUE).exec();
  const work: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    create: () => insert(client, `c${created++}`),
    get: (n) => client.get(`p${n % 500}`).buffer(),
    'status patch': async (n) => {
      const key = `p${n % 500}`;
      const found = await client.get(key).exec();
      const revision = found.kvs[0]?.mod_revision ?? '0';
      return client.if(key, 'Mod', '==', Number(revision)).then(client.put(key).value(VALUE)).commit();
    },
  };
  for (const [name, one] of Object.entries(work)) {
    await perSecond(one, { ...load, seconds: 1 });
    const [cpu, own] = [server.cpu, process.cpuUsage()];
    const { count, rate } = await perSecond(one, load);
    const spent = process.cpuUsage(own);
    const each = `server ${Math.round(((server.cpu - cpu) * 1e6) / count)} µs, client ${Math.round((spent.user + spent.system) / count)} µs`;
    show({ name: `etcd: ${name}`, value: rate, unit: 'per s', more: `CPU each: ${each}` });
  }
  await client.delete().prefix('c');
}

function insert(client: Etcd3, key: string): Promise<unknown> {
  return client.if(key, 'Create', '==', 0).then(client.put(key).value(VALUE)).commit();
}

async function lists(client: Etcd3, counts: readonly number[]): Promise<void> {
  let there = 0;
  for (const count of counts) {
    for (; there < count; there += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          client
            .put(`l${there + at}`)
            .value(VALUE)
            .exec(),
        ),
      );
    }
    const took: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      await client.getAll().prefix('l').buffers();
      took.push(performance.now() - began);
    }
    show({ name: `etcd: list of ${count.toLocaleString('en')}`, value: Math.round(took.toSorted((a, b) => a - b)[2] ?? 0), unit: 'ms' });
  }
}

async function fanOut(client: Etcd3, watchers: number, seconds: number): Promise<void> {
  const arrived = { events: 0 };
  const sent = new Map<string, number>();
  const latencies: number[] = [];
  const open = await Promise.all(Array.from({ length: watchers }, () => client.watch().prefix(`w${watchers}-`).create()));
  open.forEach((watcher, at) =>
    watcher.on('put', ({ key }) => {
      arrived.events += 1;
      const from = at % 10 === 0 ? sent.get(key.toString()) : undefined;
      if (from !== undefined) latencies.push(performance.now() - from);
    }),
  );
  const began = performance.now();
  const { count } = await perSecond(
    (n) => {
      const key = `w${watchers}-${n}`;
      sent.set(key, performance.now());
      return insert(client, key);
    },
    { seconds, connections: WRITERS },
  );
  const all = () => arrived.events === count * watchers;
  for (let left = 1500; !all() && left > 0; left -= 1) await sleep(10);
  const spent = (performance.now() - began) / 1000;
  const p99 = latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
  const more = all() ? `${Math.round(count / spent)} creates per s` : `only ${arrived.events} of ${count * watchers} arrived`;
  show({ name: `etcd: watch events to ${watchers}`, value: Math.round(arrived.events / spent), unit: 'per s', more });
  show({ name: `etcd: watch to ${watchers}, p99`, value: Math.round(p99), unit: 'ms' });
  await Promise.all(open.map((watcher) => watcher.cancel()));
}

async function perSecond(work: (n: number) => Promise<unknown>, { seconds, connections }: Load): Promise<{ rate: number; count: number }> {
  let count = 0;
  const start = performance.now();
  const until = start + seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) await work(count++);
    }),
  );
  return { rate: Math.round((count * 1000) / (performance.now() - start)), count };
}
