import { LabError } from '@crownlabs/std';
import type { HostCommand } from '../host-command.ts';
import type { Names } from '../names.ts';
import { ruleset } from './firewall.ts';
import { closeForwarding, openForwarding } from './forwarding.ts';
import { addBridge, type HostRoutes, plugIn, readLinks, readRoutes, removeLink } from './links.ts';
import { resolverAddresses } from './resolvers.ts';
import { findSubnet, formatAddress, formatSubnet, overlap, parseSubnet, type Subnet } from './subnet.ts';

/** What tenant networks may reach, from the configuration. */
export interface NetworkPolicy {
  readonly internet: boolean;
  /** Ranges open although they are private, as `10.1.2.0/24`. */
  readonly open: readonly string[];
  /** Name servers for environments; empty: the host's own. */
  readonly resolvers: readonly string[];
}

/** A pod's place in its tenant network. */
export interface Place {
  readonly podUid: string;
  readonly sandboxId: string;
  readonly ip: string;
}

interface Network {
  readonly namespace: string;
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly places: Map<string, Place>;
  /** Settles when bridge and walls stand. */
  readonly ready: Promise<void>;
  /** Settles when it is certain that nobody else has the same range. */
  readonly alone: Promise<void>;
  next: number;
}

const STANDING = { ready: Promise.resolve(), alone: Promise.resolve() };

/**
 * One bridge per tenant namespace, made with its first pod and removed with its last. State lives in the kernel alone: each interface carries
 * in its alias whom it belongs to, so that a restarted process finds what is there. https://man7.org/linux/man-pages/man8/ip-link.8.html
 */
export class TenantNetworks {
  readonly #run: HostCommand;
  readonly #names: Names;
  readonly #mark: string;
  readonly #policy: NetworkPolicy;
  readonly #networks = new Map<string, Network>();
  #turn: Promise<unknown> = Promise.resolve();
  #mtu = 1500;
  #resolvers: readonly number[] = [];
  /** The host's connections as they were last seen, a minute ago at most: a new network does not wait for another look. */
  #seen: HostRoutes | undefined;

  constructor(options: { run: HostCommand; names: Names; installation: string; policy: NetworkPolicy }) {
    this.#run = options.run;
    this.#names = options.names;
    this.#mark = `crownlabs:${options.installation}`;
    this.#policy = options.policy;
  }

  /** Finds what an earlier process left, puts the walls up and returns the pods that are plugged in. */
  async adopt(): Promise<readonly Place[]> {
    const links = await readLinks(this.#run, this.#names.interfacePrefix);
    this.#resolvers = await resolverAddresses(this.#policy.resolvers);
    const places: Place[] = [];
    for (const { name, alias } of links) this.#adoptBridge(name, alias);
    for (const { alias } of links) {
      const place = this.#adoptPort(alias);
      if (place) places.push(place);
    }
    if (this.#policy.internet) await openForwarding(this.#run, this.#names.interfacePrefix);
    await this.#inTurn(() => this.#wall());
    return places;
  }

  /** Name servers that environments are told. */
  get resolvers(): readonly string[] {
    return this.#policy.internet || this.#policy.open.length > 0 ? this.#resolvers.map(formatAddress) : [];
  }

  /** Decides the pod's address, making its network where it is the first. */
  claim(namespace: string, podUid: string, sandboxId: string): Promise<Place> {
    return this.#inTurn(async () => {
      const network = this.#networks.get(namespace) ?? (await this.#create(namespace));
      const place = { podUid, sandboxId, ip: formatAddress(freeAddress(network)) };
      network.places.set(podUid, place);
      return place;
    });
  }

  /** Wires the pod's network namespace, which the process `pid` is in, to its network. */
  async plug(namespace: string, podUid: string, pid: number): Promise<void> {
    const network = this.#networks.get(namespace);
    const place = network?.places.get(podUid);
    const address = place && parseSubnet(place.ip)?.base;
    if (!network || !place || address === undefined) throw new LabError('NotFound', `Pod ${podUid} has no place in network ${namespace}.`);
    await network.ready;
    const plugged = plugIn(this.#run, {
      port: this.#names.port(),
      alias: `${this.#mark}:pod:${podUid}:${namespace}:${place.ip}:${place.sandboxId.slice(0, 16)}`,
      bridge: network.bridge,
      pid,
      address,
      gateway: network.subnet.base + 1,
      prefix: network.subnet.prefix,
      mtu: this.#mtu,
    });
    await Promise.allSettled([plugged, network.alone]);
    await network.alone;
    await plugged;
  }

  /** Takes the wire out of a pod whose network namespace lives on. */
  async unplug(podUid: string): Promise<void> {
    const links = await readLinks(this.#run, this.#names.interfacePrefix);
    for (const { name, alias } of links) if (alias.startsWith(`${this.#mark}:pod:${podUid}:`)) await removeLink(this.#run, name);
  }

  /** Gives the pod's address back; the last one takes the network with it. The wire goes with the pod's network namespace. */
  release(namespace: string, podUid: string): Promise<void> {
    return this.#inTurn(async () => {
      const network = this.#networks.get(namespace);
      network?.places.delete(podUid);
      if (!network || network.places.size > 0) return;
      this.#networks.delete(namespace);
      await removeLink(this.#run, network.bridge);
      await this.#wall();
    });
  }

  /** Puts the walls up again, in case somebody flushed them. */
  repair(): Promise<void> {
    return this.#inTurn(async () => {
      const there = await this.#run(['nft', 'list', 'chain', 'inet', this.#names.table, 'forward']).catch(() => '');
      const { local } = this.#seen ?? { local: [] };
      const now = await this.#look();
      // What the host has been connected to since must be closed too.
      if (!there.includes('admin-prohibited') || formatted(now.local) !== formatted(local)) await this.#wall(now.local);
    });
  }

  /** Removes every interface and rule of this installation. */
  async clear(): Promise<void> {
    await this.#inTurn(async () => {
      this.#networks.clear();
      for (const { name } of await readLinks(this.#run, this.#names.interfacePrefix)) await removeLink(this.#run, name);
    });
    await this.retire();
  }

  /** Takes the walls down where no network stands any more. */
  retire(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#networks.size > 0) return;
      await closeForwarding(this.#run, this.#names.interfacePrefix);
      await this.#run(['nft', '-f', '-'], `table inet ${this.#names.table} {}\ndelete table inet ${this.#names.table}\n`);
    });
  }

  /** The tenant namespace that a pod is plugged into. */
  namespaceOf(podUid: string): string | undefined {
    return [...this.#networks.values()].find(({ places }) => places.has(podUid))?.namespace;
  }

  /** The address of the host in a pod's network. */
  gateway(namespace: string): string | undefined {
    const network = this.#networks.get(namespace);
    return network && formatAddress(network.subnet.base + 1);
  }

  async #create(namespace: string): Promise<Network> {
    const routes = this.#seen ?? (await this.#look());
    // A network that is still being built has no route yet.
    const building = [...this.#networks.values()].map(({ subnet }) => subnet);
    const taken = [...routes.taken, ...building, ...this.#resolvers.map((base) => ({ base, prefix: 32 }))];
    const subnet = findSubnet(taken, Number.parseInt(this.#names.short, 16));
    const bridge = this.#names.bridge(this.#freeNumber());
    const [built, alone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const network: Network = { namespace, bridge, subnet, places: new Map(), ready: built.promise, alone: alone.promise, next: 2 };
    this.#networks.set(namespace, network);
    // The address is known, and the engine can be asked for the container while the network is built.
    void this.#inTurn(() => this.#build(network, routes.local)).then(built.resolve, built.reject);
    built.promise.then(() => this.#demandAlone(network, routes.local)).then(alone.resolve, alone.reject);
    alone.promise.catch(() => this.#networks.delete(namespace));
    return network;
  }

  async #build({ namespace, bridge, subnet }: Network, local: readonly Subnet[]): Promise<void> {
    // Walls first: a network must never exist without them.
    await this.#wall(local);
    const alias = `${this.#mark}:net:${namespace}:${formatSubnet(subnet)}`;
    await addBridge(this.#run, { name: bridge, alias, gateway: subnet.base + 1, prefix: subnet.prefix });
  }

  /** Looks again, now that the network stands: somebody else on this machine may have taken the same range. */
  async #demandAlone({ bridge, subnet }: Network, walled: readonly Subnet[]): Promise<void> {
    const { taken, local } = await this.#look();
    if (taken.some((other) => other.device !== bridge && other.prefix > 0 && overlap(other, subnet))) {
      await removeLink(this.#run, bridge);
      throw new LabError('Conflict', `The range ${formatSubnet(subnet)} is used by somebody else.`);
    }
    if (formatted(local) !== formatted(walled)) await this.#inTurn(() => this.#wall(local));
  }

  async #look(): Promise<HostRoutes> {
    const routes = await readRoutes(this.#run, this.#names.interfacePrefix);
    this.#seen = routes;
    this.#mtu = routes.mtu;
    return routes;
  }

  #freeNumber(): number {
    const used = new Set([...this.#networks.values()].map(({ bridge }) => bridge));
    let n = 0;
    while (used.has(this.#names.bridge(n))) n++;
    return n;
  }

  async #wall(known?: readonly Subnet[]): Promise<void> {
    const local = known ?? (await this.#look()).local;
    const open = this.#policy.open.flatMap((text) => parseSubnet(text) ?? []);
    const egress = { internet: this.#policy.internet, open, resolvers: this.resolvers.length > 0 ? this.#resolvers : [], local };
    await this.#run(['nft', '-f', '-'], ruleset(this.#names.table, this.#names.interfacePrefix, [...this.#networks.values()], egress));
  }

  #adoptBridge(bridge: string, alias: string): void {
    const [kind, namespace = '', range = ''] = this.#parts(alias);
    const subnet = parseSubnet(range);
    if (kind === 'net' && subnet) {
      this.#networks.set(namespace, { namespace, bridge, subnet, places: new Map(), ...STANDING, next: 2 });
    }
  }

  #adoptPort(alias: string): Place | undefined {
    const [kind, podUid = '', namespace = '', ip = '', sandboxId = ''] = this.#parts(alias);
    const network = this.#networks.get(namespace);
    if (kind !== 'pod' || !network) return undefined;
    const place = { podUid, sandboxId, ip };
    network.places.set(podUid, place);
    return place;
  }

  #parts(alias: string): readonly string[] {
    return alias.startsWith(`${this.#mark}:`) ? alias.slice(this.#mark.length + 1).split(':') : [];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function formatted(subnets: readonly Subnet[]): string {
  return subnets.map(formatSubnet).toSorted().join();
}

/** The next address nobody has. Addresses go round, so that one is not given to the next pod while others still remember it. */
function freeAddress(network: Network): number {
  const size = 2 ** (32 - network.subnet.prefix);
  const used = new Set([...network.places.values()].map(({ ip }) => ip));
  for (let tried = 0; tried < size; tried++) {
    const offset = network.next;
    network.next = offset + 1 >= size - 1 ? 2 : offset + 1;
    if (!used.has(formatAddress(network.subnet.base + offset))) return network.subnet.base + offset;
  }
  throw new LabError('ServiceUnavailable', `The network of ${network.namespace} has no free address.`);
}
