import type { SegmentPlace } from '@crownlabs/runtime';
import { messageOf } from '@crownlabs/std';
import type { HostCommand } from '../host-command.ts';
import type { Names } from '../names.ts';
import { readLinks, removeLink } from './links.ts';

/** A pod that is to be plugged into segments, and the process that is in its network namespace. */
export interface PluggedPod {
  readonly podUid: string;
  readonly sandboxId: string;
  readonly pid: number;
}

interface Port {
  readonly podUid: string;
  readonly segment: string;
}

/** A wire from a segment to a TAP device of a pod. */
interface SegmentWire extends SegmentPlace {
  /** Its end at the segment. */
  readonly port: string;
  /** Its end in the pod. No device that a pod may ask for has a plus in its name. */
  readonly end: string;
}

/**
 * Wires between pods that are no part of the host's network: each segment is a bridge of its name in a network namespace where nothing else is, no
 * address, no route, no way to the host. So walls are not a matter of rules, which somebody may flush. In the pod, frames are handed from the wire
 * to the TAP device and back before the pod's own stack sees them: else it would answer for its addresses, and pass on into its tenant's network.
 * State lives in the kernel alone; who is plugged in stands in the alias of the port. https://man7.org/linux/man-pages/man8/ip-netns.8.html
 */
export class Segments {
  readonly #run: HostCommand;
  readonly #names: Names;
  readonly #ports = new Map<string, Port>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: { run: HostCommand; names: Names }) {
    this.#run = options.run;
    this.#names = options.names;
  }

  /** Finds what an earlier process left, removes what nobody is on and returns the pods that are plugged in. */
  adopt(): Promise<readonly Pick<PluggedPod, 'podUid' | 'sandboxId'>[]> {
    return this.#inTurn(async () => {
      const links = (await readLinks(this.#inHub, '').catch(unlessGone)) ?? [];
      const owned = links.flatMap(({ name, alias, bridge }) => {
        const [podUid = '', sandboxId = ''] = alias.split(':');
        return bridge === '' || podUid === '' ? [] : [{ name, podUid, sandboxId, segment: bridge }];
      });
      for (const { name, podUid, segment } of owned) this.#ports.set(name, { podUid, segment });
      const used = new Set(owned.flatMap(({ name, segment }) => [name, segment]));
      if (owned.length === 0) await this.#closeHub();
      else for (const { name } of links) if (!used.has(name) && name !== 'lo') await this.#removeLink(name);
      return owned;
    });
  }

  /** Puts the pod on its segments, making those where it is the first. Who sees it fail has to release the pod. */
  plug(pod: PluggedPod, places: readonly SegmentPlace[]): Promise<void> {
    return this.#inTurn(async () => {
      const { podUid } = pod;
      const wires = places.map((place, n) => ({ ...place, port: this.#names.hubPort(), end: `wire+${n}` }));
      if (this.#ports.size === 0) await this.#openHub();
      const standing = new Set([...this.#ports.values()].map(({ segment }) => segment));
      for (const { port, segment } of wires) this.#ports.set(port, { podUid, segment });
      const made = [...new Set(wires.map(({ segment }) => segment))].filter((segment) => !standing.has(segment));
      await this.#inHub(['ip', '-batch', '-'], lines([...made.flatMap(bridge), ...wires.flatMap((wire) => plugged(wire, pod))]));
      const inPod: HostCommand = (argv, input) => this.#run(['nsenter', '-t', String(pod.pid), '-n', ...argv], input);
      await inPod(['ip', '-batch', '-'], lines(wires.map(tap)));
      await inPod(['nft', '-f', '-'], handover(wires));
      await inPod(
        ['ip', '-batch', '-'],
        lines(wires.flatMap(({ device, end }) => [`link set dev ${device} up`, `link set dev ${end} up`])),
      );
    });
  }

  /** Takes the pod off its segments; the last one takes a segment with it. */
  release(podUid: string): Promise<void> {
    return this.#inTurn(async () => {
      const gone = [...this.#ports].filter(([, port]) => port.podUid === podUid);
      if (gone.length === 0) return;
      for (const [name] of gone) this.#ports.delete(name);
      const used = new Set([...this.#ports.values()].map(({ segment }) => segment));
      if (used.size === 0) return this.#closeHub();
      for (const [name] of gone) await this.#removeLink(name);
      const empty = new Set(gone.map(([, { segment }]) => segment).filter((segment) => !used.has(segment)));
      for (const segment of empty) await this.#removeLink(segment);
    });
  }

  /** Removes every segment of this installation. */
  clear(): Promise<void> {
    return this.#inTurn(() => {
      this.#ports.clear();
      return this.#closeHub();
    });
  }

  async #openHub(): Promise<void> {
    // What is left of one after the machine was switched off is a file.
    await this.#closeHub();
    await this.#run(['ip', 'netns', 'add', this.#names.hub]);
    // It would inherit the host's forwarding. A kernel without IPv6 has no such switch.
    const switches = ['net.ipv4.ip_forward=0', 'net.ipv6.conf.default.disable_ipv6=1'];
    await this.#inHub(['sysctl', '-q', '-e', '-w', ...switches]);
  }

  /** What is plugged in goes with it. */
  async #closeHub(): Promise<void> {
    await this.#run(['ip', 'netns', 'del', this.#names.hub]).catch(unlessGone);
  }

  async #removeLink(name: string): Promise<void> {
    await removeLink(this.#inHub, name).catch(unlessGone);
  }

  /** `ip -n` would want to mount a sysfs, which a machine within a machine may not be allowed to. */
  readonly #inHub: HostCommand = (argv, input) => this.#run(['nsenter', `--net=/var/run/netns/${this.#names.hub}`, ...argv], input);

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** There is no such network namespace, or only the file of one that was there before the machine was started: nothing is on it. */
function unlessGone(error: unknown): undefined {
  if (!/No such file or directory|Invalid argument/.test(messageOf(error))) throw error;
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}

/** Passes on what bridges keep to themselves (LLDP, 802.1X), all but the two that the kernel forbids: people study it. */
const KEPT_BY_BRIDGES = 0xfff8;

function bridge(segment: string): readonly string[] {
  return [`link add name ${segment} type bridge mcast_snooping 0 group_fwd_mask ${KEPT_BY_BRIDGES}`, `link set dev ${segment} up`];
}

function plugged({ port, end, segment }: SegmentWire, { podUid, sandboxId, pid }: PluggedPod): readonly string[] {
  return [
    `link add name ${port} type veth peer name ${end} netns ${pid}`,
    `link set dev ${port} alias ${podUid}:${sandboxId.slice(0, 16)} master ${segment} up`,
  ];
}

function tap({ device, owner }: SegmentWire): string {
  return `tuntap add dev ${device} mode tap user ${owner}`;
}

/** Hands every frame over at the moment it comes in, in both directions. https://wiki.nftables.org/wiki-nftables/index.php/Nftables_families */
function handover(wires: readonly SegmentWire[]): string {
  const chain = (name: string, from: string, to: string) => [
    `  chain ${name} {`,
    `    type filter hook ingress device "${from}" priority 0; policy drop;`,
    `    fwd to "${to}"`,
    '  }',
  ];
  const both = wires.flatMap(({ device, end }, n) => [...chain(`out${n}`, device, end), ...chain(`in${n}`, end, device)]);
  return lines(['table netdev segments {', ...both, '}']);
}
