import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { perSecondOf } from './per-second.ts';

/** Asks an etcd of the machine for what our API was asked, with the same bytes: one put, get and guarded put (what a patch is) at a time per connection. */
export async function besideEtcd(
  show: (name: string, perSecond: number) => void,
  { seconds, connections, value }: { seconds: number; connections: number; value: string },
): Promise<void> {
  if (spawnSync('etcd', ['--version']).status !== 0) {
    console.log('etcd is not installed (Debian: etcd-server); nothing to compare with');
    return;
  }
  const data = mkdtempSync(join(tmpdir(), 'etcd-bench-'));
  const port = 23_000 + Math.floor(Math.random() * 1000);
  const url = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${port + 1}`;
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer];
  const cluster = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
  const etcd = spawn('etcd', ['--data-dir', data, '--log-level', 'error', ...urls, ...cluster], { stdio: 'ignore' });
  const client = new Etcd3({ hosts: url });
  try {
    await answers(client);
    await perSecondOf((n) => client.put(`warm${n}`).value(value).exec(), 1, connections);
    const measure = async (name: string, work: (n: number) => Promise<unknown>) =>
      show(name, (await perSecondOf(work, seconds, connections)).perSecond);
    await measure('create', (n) =>
      client
        .if(`p${n}`, 'Create', '==', 0)
        .then(client.put(`p${n}`).value(value))
        .commit(),
    );
    await measure('get', (n) => client.get(`p${n % 500}`).string());
    await measure('status patch', async (n) => {
      const key = `p${n % 500}`;
      const found = await client.get(key).exec();
      const revision = found.kvs[0]?.mod_revision ?? '0';
      return client.if(key, 'Mod', '==', Number(revision)).then(client.put(key).value(value)).commit();
    });
  } finally {
    client.close();
    etcd.kill('SIGTERM');
    await new Promise((resolve) => etcd.once('exit', resolve));
    rmSync(data, { recursive: true });
  }
}

async function answers(client: Etcd3): Promise<void> {
  for (let left = 50; ; left -= 1) {
    try {
      await client.get('x').string();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(100);
    }
  }
}
