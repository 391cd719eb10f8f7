import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@crownlabs/std';
import { type Finding, fine, trouble } from './finding.ts';
import type { HostCommand } from './host-command.ts';
import type { TenantNetworks } from './network/tenant-networks.ts';
import type { SandboxPool } from './sandbox-pool.ts';

/** What the proof needs. */
export interface IsolationParts {
  readonly run: HostCommand;
  readonly pool: SandboxPool;
  readonly networks: TenantNetworks;
}

/** A connection to try from inside a tenant's network, and whether it must succeed. */
interface Attempt {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

const PORT = 45_901;
// Runs inside a pod's network namespace: prints one line per attempt, `open` or why not.
const TRY = `
const { connect } = require('node:net');
for (const { host, port } of JSON.parse(process.argv[1])) {
  const socket = connect({ host, port, timeout: 1200 });
  const say = (text) => { process.stdout.write(host + ' ' + port + ' ' + text + '\\n'); socket.destroy(); };
  socket.once('connect', () => say('open')).once('timeout', () => say('silent')).once('error', (error) => say(error.code));
}`;
// Listens in a pod's network namespace, greets, and ends when it is told to.
const LISTEN = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', () => process.exit(0)).write('hello'));
server.listen(${PORT}, '0.0.0.0');
setTimeout(() => process.exit(0), 8000);`;

interface ThrowAway {
  readonly namespace: string;
  readonly podUid: string;
  readonly sandboxId: string;
  readonly pid: number;
  readonly ip: string;
}

/**
 * Proves with two throw-away pods in networks of their own that walls stand: real connections to a real listener on the host, at every address
 * of it, and to a real listener in the other network must fail, while the host itself reaches both. A failure here is a reason not to start.
 */
export async function proveIsolation(parts: IsolationParts): Promise<Finding> {
  const pods: ThrowAway[] = [];
  const host = await listen();
  try {
    for (const side of ['a', 'b']) pods.push(await throwAway(parts, `isolation-probe-${side}`));
    const [a, b] = pods;
    if (!a || !b) return trouble('isolation', 'The throw-away pods were not made.', '');
    const listener = parts.run(inside(b.pid, LISTEN)).catch(() => '');
    const greeter = await fromHost(b.ip);
    if (!greeter)
      return trouble('isolation', 'The host does not reach its own containers.', 'Look for other firewall rules: nft list ruleset');
    const attempts = forbidden(parts, a, b, portOf(host));
    const printed = await parts.run(inside(a.pid, TRY, JSON.stringify(attempts)));
    greeter.end('enough');
    await listener;
    return judge(attempts, printed);
  } catch (error) {
    return trouble('isolation', `It could not be proved: ${messageOf(error)}`, 'Networks need root, iproute2 and nftables.');
  } finally {
    host.close();
    for (const pod of pods) await discard(parts, pod);
  }
}

function inside(pid: number, script: string, ...args: readonly string[]): readonly string[] {
  return ['nsenter', '-t', String(pid), '-n', process.execPath, '--input-type=commonjs', '-e', script, '--', ...args];
}

function forbidden({ networks }: IsolationParts, a: ThrowAway, b: ThrowAway, port: number): readonly Attempt[] {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .flatMap((it) => (it && it.family === 'IPv4' && !it.internal ? [it.address] : []));
  const hosts = new Set([...addresses, networks.gateway(a.namespace), networks.gateway(b.namespace)].filter((it) => it !== undefined));
  return [
    ...[...hosts].map((host) => ({ what: `the host at ${host}`, host, port })),
    { what: 'another tenant', host: b.ip, port: PORT },
    { what: 'cloud metadata', host: '169.254.169.254', port: 80 },
  ];
}

function judge(attempts: readonly Attempt[], printed: string): Finding {
  const results = new Map(printed.split('\n').map((line) => [line.split(' ').slice(0, 2).join(' '), line.split(' ')[2] ?? '']));
  const result = ({ host, port }: Attempt) => results.get(`${host} ${port}`) ?? 'not tried';
  const bad = attempts.filter((attempt) => result(attempt) === 'open' || result(attempt) === 'not tried');
  if (bad.length === 0) return fine('isolation', `Refused from a tenant's network: ${attempts.map(({ what }) => what).join(', ')}`);
  const text = bad.map((attempt) => `${attempt.what} (${result(attempt)})`).join(', ');
  return trouble('isolation', `A tenant's network reaches ${text}.`, 'CrownLabs will not start environments. See: nft list ruleset');
}

async function throwAway({ pool, networks }: IsolationParts, namespace: string): Promise<ThrowAway> {
  const podUid = randomUUID();
  const sandbox = await pool.take();
  const { ip } = await networks.claim(namespace, podUid, sandbox.id);
  const pod = { namespace, podUid, sandboxId: sandbox.id, pid: sandbox.pid, ip };
  await networks.plug(namespace, podUid, sandbox.pid);
  return pod;
}

/** Unplugged, the network namespace is as new and serves the next pod. */
async function discard({ pool, networks }: IsolationParts, { namespace, podUid, sandboxId, pid }: ThrowAway): Promise<void> {
  await networks.unplug(podUid);
  await networks.release(namespace, podUid);
  await pool.giveBack({ id: sandboxId, pid });
}

/** A connection from the host to the listener, which may need a moment; `undefined` when none can be had. */
async function fromHost(host: string): Promise<Socket | undefined> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const socket = connect({ host, port: PORT, timeout: 1_000 });
    const greeted = await new Promise<boolean>((resolve) => {
      socket
        .once('data', () => resolve(true))
        .once('error', () => resolve(false))
        .once('timeout', () => resolve(false));
    });
    if (greeted) return socket;
    socket.destroy();
    await pause(25);
  }
  return undefined;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject).listen(0, '0.0.0.0', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
