import { readFile, writeFile } from 'node:fs/promises';
import { LabError } from '@crownlabs/std';
import type { HostCommand } from '../host-command.ts';
import { formatAddress, parseSubnet, type Subnet } from './subnet.ts';

/** A network interface of the host, as far as we read it. */
export interface Link {
  readonly name: string;
  readonly alias: string;
  /** The bridge that it is plugged into; empty: none. */
  readonly bridge: string;
}

/** What the host is connected to. */
export interface HostRoutes {
  /** Every range that has a route or an address, and where: a new network must avoid it. */
  readonly taken: readonly (Subnet & { readonly device: string })[];
  /** Ranges that are on the wire, without a gateway. */
  readonly local: readonly Subnet[];
  readonly mtu: number;
}

interface RouteRow {
  readonly dst?: string;
  readonly dev?: string;
  readonly gateway?: string;
}

interface LinkRow {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly master?: string;
}

async function rows<T>(run: HostCommand, argv: readonly string[]): Promise<readonly T[]> {
  const text = await run(argv);
  const parsed: unknown = JSON.parse(text.trim() === '' ? '[]' : text);
  if (!Array.isArray(parsed)) throw new LabError('InternalError', `${argv.join(' ')} answered no list.`);
  return parsed.filter((row) => typeof row === 'object' && row !== null && Object.keys(row).length > 0);
}

/** All interfaces whose name begins with `prefix`. */
export async function readLinks(run: HostCommand, prefix: string): Promise<readonly Link[]> {
  const links = await rows<LinkRow>(run, ['ip', '-j', 'link', 'show']);
  const ours = links.filter(({ ifname }) => ifname.startsWith(prefix));
  return ours.map(({ ifname, ifalias = '', master = '' }) => ({ name: ifname, alias: ifalias, bridge: master }));
}

/** What the host is connected to, without interfaces whose name begins with `ownPrefix` in `local`. */
export async function readRoutes(run: HostCommand, ownPrefix: string): Promise<HostRoutes> {
  const routes = await rows<RouteRow>(run, ['ip', '-4', '-j', 'route', 'show', 'table', 'all']);
  const uplink = routes.find(({ dst }) => dst === 'default')?.dev;
  const subnets = routes.flatMap((route) => {
    const subnet = parseSubnet(route.dst ?? '');
    return subnet ? [{ route, subnet }] : [];
  });
  const onWire = subnets.filter(({ route, subnet }) => !route.gateway && subnet.prefix > 0 && !route.dev?.startsWith(ownPrefix));
  return {
    taken: subnets.map(({ subnet, route }) => ({ ...subnet, device: route.dev ?? '' })),
    local: onWire.map(({ subnet }) => subnet),
    mtu: await mtuOf(uplink),
  };
}

/** Read, not asked of a program: this is on the way of every first start of a person. */
async function mtuOf(device: string | undefined): Promise<number> {
  const text = device === undefined ? '' : await readFile(`/sys/class/net/${device}/mtu`, 'utf8').catch(() => '');
  return Number(text) || 1500;
}

/** A bridge with the host's address on it. */
export async function addBridge(run: HostCommand, bridge: { name: string; alias: string; gateway: number; prefix: number }): Promise<void> {
  const { name, alias, gateway, prefix } = bridge;
  const lines = [
    `link add name ${name} type bridge mcast_snooping 0`,
    // The host would have a link-local address on the bridge, one more way to knock, until the line below.
    `link set dev ${name} addrgenmode none alias ${alias}`,
    `addr add ${formatAddress(gateway)}/${prefix} dev ${name}`,
    `link set dev ${name} up`,
    '',
  ];
  await run(['ip', '-batch', '-'], lines.join('\n'));
  await withoutIpv6(name);
}

/** A kernel without IPv6 has no such file. */
async function withoutIpv6(link: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv6/conf/${link}/disable_ipv6`, '1').catch(() => undefined);
}

/** Removes an interface; resolves also when it is already gone. */
export async function removeLink(run: HostCommand, name: string): Promise<void> {
  await run(['ip', 'link', 'del', 'dev', name]).catch((error: unknown) => {
    if (!/Cannot find device/.test(String(error))) throw error;
  });
}

/** A wire from a pod's network namespace to its bridge. */
export interface Wire {
  readonly port: string;
  readonly alias: string;
  readonly bridge: string;
  /** A process in the pod's network namespace. */
  readonly pid: number;
  readonly address: number;
  readonly gateway: number;
  readonly prefix: number;
  readonly mtu: number;
}

/** Plugs a pod in: two short programs, some 5 ms together. */
export async function plugIn(run: HostCommand, wire: Wire): Promise<void> {
  const { port, pid, mtu } = wire;
  const outside = [
    `link add name ${port} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${pid}`,
    `link set dev ${port} alias ${wire.alias} master ${wire.bridge} up`,
    '',
  ];
  const inside = [
    `addr add ${formatAddress(wire.address)}/${wire.prefix} dev eth0`,
    'link set dev lo up',
    'link set dev eth0 up',
    `route add default via ${formatAddress(wire.gateway)}`,
    '',
  ];
  await run(['ip', '-batch', '-'], outside.join('\n'));
  // A new address makes browsers on this machine drop what they are loading (ERR_NETWORK_CHANGED). There is none before the other end is up.
  await withoutIpv6(port);
  await run(['nsenter', '-t', String(pid), '-n', 'ip', '-batch', '-'], inside.join('\n'));
}
