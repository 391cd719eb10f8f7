import { expect, test } from 'vitest';
import { names } from '../names.ts';
import { TenantNetworks } from './tenant-networks.ts';

const installation = '0123abcd-0000-4000-8000-000000000000';

/** A host whose `ip` and `nft` are slow and remember what they were told. */
function host(routes: { dst: string; dev: string }[] = []) {
  const done: string[] = [];
  const run = async (argv: readonly string[], input = '') => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done.push(`${argv.join(' ')} ${input}`);
    if (argv.includes('route') && argv.includes('-j')) return JSON.stringify(routes);
    return argv.includes('-j') ? '[]' : '';
  };
  const policy = { internet: false, open: [], resolvers: [] };
  return { done, networks: new TenantNetworks({ run, names: names(installation), installation, policy }) };
}

test('networks that are made at the same time have ranges of their own', async () => {
  const { networks } = host();
  const places = await Promise.all(['ada', 'eve', 'bob'].map((namespace) => networks.claim(namespace, `pod-of-${namespace}`, 'box')));
  expect(new Set(places.map(({ ip }) => ip.replace(/\.\d+$/, ''))).size).toBe(3);
});

test('pods of one namespace share a network and have addresses of their own', async () => {
  const { networks } = host();
  const [a, b] = [await networks.claim('ada', 'a', 'box'), await networks.claim('ada', 'b', 'box')];
  expect(a.ip).not.toBe(b.ip);
  expect(a.ip.replace(/\.\d+$/, '')).toBe(b.ip.replace(/\.\d+$/, ''));
});

test('walls stand before the bridge that they are for', async () => {
  const { networks, done } = host();
  await networks.claim('ada', 'a', 'box');
  await networks.plug('ada', 'a', 1);
  const wall = done.findIndex((line) => line.startsWith('nft') && line.includes('"cl0123abb0" . "cl0123abb0"'));
  const bridge = done.findIndex((line) => line.includes('link add name cl0123abb0 type bridge'));
  expect(wall).toBeGreaterThanOrEqual(0);
  expect(wall).toBeLessThan(bridge);
});

test('a range that somebody else takes at the same moment is given up', async () => {
  const routes: { dst: string; dev: string }[] = [];
  const { networks, done } = host(routes);
  const { ip } = await networks.claim('ada', 'a', 'box');
  routes.push({ dst: `${ip.replace(/\.\d+$/, '.0')}/24`, dev: 'somebody' });
  await expect(networks.plug('ada', 'a', 1)).rejects.toMatchObject({ code: 'Conflict' });
  expect(done).toContainEqual(expect.stringContaining('link del dev cl0123abb0'));
  const again = await networks.claim('ada', 'b', 'box');
  expect(again.ip.replace(/\.\d+$/, '')).not.toBe(ip.replace(/\.\d+$/, ''));
});
