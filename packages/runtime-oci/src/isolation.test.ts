import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installed } from './engine/machine.ts';
import { type HostCommand, hostCommand } from './host-command.ts';
import { proveIsolation } from './isolation.ts';
import { names } from './names.ts';
import { TenantNetworks } from './network/tenant-networks.ts';
import { busybox, type RealEngine, realEngine, sh } from './real-engine.test-support.ts';
import { SandboxPool } from './sandbox-pool.ts';

const possible = process.getuid?.() === 0 && (await installed('podman')) && (await installed('busybox'));
const signal = () => AbortSignal.timeout(20_000);
const PORT = 8099;
const LAN = 'crownlabs-test-lan';
// A neighbour of the host, in a network namespace of its own. It answers as a computer of the local network, as the cloud's metadata service
// and as a server on the internet.
const NEIGHBOUR = { lan: '192.168.231.2', metadata: '169.254.169.254', internet: '203.0.113.10', campus: '10.77.0.10' };

async function startNeighbour(): Promise<ChildProcess> {
  await hostCommand(['ip', 'netns', 'add', LAN]);
  const outside = [
    `link add cltestlan type veth peer name eth0 netns ${LAN}`,
    'addr add 192.168.231.1/24 dev cltestlan',
    'link set cltestlan up',
  ];
  const addresses = [NEIGHBOUR.metadata, NEIGHBOUR.internet, NEIGHBOUR.campus];
  const inside = [
    `addr add ${NEIGHBOUR.lan}/24 dev eth0`,
    ...addresses.map((address) => `addr add ${address}/32 dev eth0`),
    'link set lo up',
    'link set eth0 up',
    'route add default via 192.168.231.1',
  ];
  await hostCommand(['ip', '-batch', '-'], `${outside.join('\n')}\n`);
  await hostCommand(['ip', '-n', LAN, '-batch', '-'], `${inside.join('\n')}\n`);
  await hostCommand(['ip', '-batch', '-'], addresses.map((address) => `route add ${address}/32 via ${NEIGHBOUR.lan}\n`).join(''));
  const server = spawn('ip', ['netns', 'exec', LAN, 'busybox', 'nc', '-ll', '-p', String(PORT), '-e', 'busybox', 'echo', 'neighbour']);
  await new Promise((resolve) => setTimeout(resolve, 150));
  return server;
}

async function stopNeighbour(server: ChildProcess | undefined): Promise<void> {
  server?.kill();
  await hostCommand(['ip', 'netns', 'del', LAN]).catch(() => undefined);
  await hostCommand(['ip', 'link', 'del', 'cltestlan']).catch(() => undefined);
}

describe.skipIf(!possible)('tenant networks on a real engine', { timeout: 60_000 }, () => {
  let engine: RealEngine;
  let neighbour: ChildProcess | undefined;
  beforeAll(async () => {
    await stopNeighbour(undefined);
    [engine, neighbour] = await Promise.all([realEngine(), startNeighbour()]);
  }, 60_000);
  afterAll(async () => {
    await stopNeighbour(neighbour);
    await engine.end();
  }, 60_000);

  async function twoTenants(internet: boolean) {
    const opened = await engine.open(undefined, internet);
    const { runtime } = opened;
    const start = async (namespace: string, name: string) => {
      const spec = { uid: crypto.randomUUID(), namespace, name, hostname: name };
      const { ip } = await runtime.createPod(spec, signal());
      const { id } = await runtime.startContainer(spec.uid, busybox(['nc', '-ll', '-p', '5900', '-e', 'echo', name]), signal());
      return { ip, id, uid: spec.uid };
    };
    const [ada, adaToo, eve] = await Promise.all([start('tenant-ada', 'ada'), start('tenant-ada', 'ada-too'), start('tenant-eve', 'eve')]);
    const ask = async (from: { id: string }, ip: string, port: number) =>
      (await sh(runtime, from.id, `nc -w 2 ${ip} ${port} </dev/null`)).out;
    return { ...opened, ada, adaToo, eve, ask };
  }

  test('a tenant reaches its own pods and the internet, but no other tenant, no port of the host, no metadata, no private range', async () => {
    const { runtime, ada, adaToo, eve, ask } = await twoTenants(true);
    const host = createServer((socket) => socket.end('host')).listen(0, '0.0.0.0');
    await once(host, 'listening');
    const address = host.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const gateway = ada.ip.replace(/\.\d+$/, '.1');
    const others = eve.ip.replace(/\.\d+$/, '.1');
    const own = (await hostCommand(['hostname', '-I'])).split(' ')[0] ?? '';

    expect(await ask(ada, adaToo.ip, 5900)).toBe('ada-too');
    expect(await ask(ada, NEIGHBOUR.internet, PORT)).toBe('neighbour');
    expect((await sh(runtime, ada.id, 'cat /proc/net/if_inet6')).out).not.toContain('eth0');
    const refused = "nc: can't connect to remote host";
    const walls = [
      [eve.ip, 5900],
      [gateway, port],
      [others, port],
      [own, port],
      ['192.168.231.1', port],
      [NEIGHBOUR.lan, PORT],
      [NEIGHBOUR.metadata, PORT],
      [NEIGHBOUR.campus, PORT],
    ] as const;
    const answers = await Promise.all(walls.map(async ([ip, at]) => `${ip}:${at} ${await ask(ada, ip, at)}`));
    for (const answer of answers) expect(answer).toContain(refused);
    // The same listeners answer the host, so a refusal above was a refusal.
    const reached = walls.filter(([ip]) => ip !== eve.ip).map(([ip, at]) => hostCommand(['busybox', 'nc', '-w', '2', ip, String(at)]));
    for (const answer of await Promise.all(reached)) expect(answer).toMatch(/host|neighbour/);
    const socket = await runtime.dial(eve.uid, 5900, signal());
    expect(String((await once(socket, 'data'))[0])).toBe('eve\n');
    socket.destroy();
    host.close();
  });

  test('with a closed internet nothing outside the own network answers', async () => {
    const { ada, adaToo, ask } = await twoTenants(false);
    expect(await ask(ada, adaToo.ip, 5900)).toBe('ada-too');
    expect(await ask(ada, NEIGHBOUR.internet, PORT)).toContain("can't connect");
  });

  test('computers outside cannot open connections into a tenant network through the host', async () => {
    const { ada } = await twoTenants(true);
    const from = hostCommand(['ip', 'netns', 'exec', LAN, 'busybox', 'nc', '-w', '2', ada.ip, '5900']);
    await expect(from).rejects.toThrow(/can't connect/);
  });

  test('the proof passes with walls, and fails loudly without', async () => {
    const { proveIsolation: prove } = await engine.open();
    expect(await prove()).toMatchObject({ ok: true });

    const installation = crypto.randomUUID();
    const withoutWalls: HostCommand = (argv, input) => (argv[0] === 'nft' ? Promise.resolve('') : hostCommand(argv, input));
    const running = engine.start.engine;
    if (!running) throw new Error('no engine');
    const ours = names(installation);
    const pool = new SandboxPool({ engine: running, names: ours, installation, spare: 0 });
    const networks = new TenantNetworks({
      run: withoutWalls,
      names: ours,
      installation,
      policy: { internet: true, open: [], resolvers: [] },
    });
    const finding = await proveIsolation({ run: withoutWalls, pool, networks });
    await pool.close();
    expect(finding).toMatchObject({ ok: false });
    expect(finding.found).toMatch(/another tenant \(open\)/);
  });

  test('walls that somebody took down are put up again', async () => {
    const { installation } = await twoTenants(true);
    const { table } = names(installation);
    await hostCommand(['nft', 'delete', 'table', 'inet', table]);
    const networks = new TenantNetworks({
      run: hostCommand,
      names: names(installation),
      installation,
      policy: { internet: true, open: [], resolvers: [] },
    });
    await networks.repair();
    expect(await hostCommand(['nft', 'list', 'table', 'inet', table])).toContain('admin-prohibited');
  });
});
