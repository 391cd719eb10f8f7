import type { InstanceSpec } from '@crownlabs/api';
import type { PublicExposureConfig } from './config.ts';
import { compareAddresses } from './pool.ts';

/** A port that somebody wants open, or that was given. */
export type PublicPort = NonNullable<InstanceSpec['publicExposure']>['ports'][number];

/** An address and the ports of it that one instance has. */
export interface Holding {
  readonly ip: string;
  readonly ports: readonly PublicPort[];
}

/** Which ports may be given. */
export type PortRules = Pick<PublicExposureConfig, 'lowestPort' | 'lowestAutomaticPort' | 'reservedPorts'>;

const MOST_PORTS = 32;
const HIGHEST = 65_535;

/** What is wrong with a wish, in words; nothing when it can be tried. Two protocols are two ports, even with one number. */
export function faultOf(ports: readonly PublicPort[], rules: PortRules): string | undefined {
  if (ports.length > MOST_PORTS) return `more than ${MOST_PORTS} ports cannot be opened`;
  const explicit = ports.filter(({ port }) => port !== 0);
  const low = explicit.find(({ port }) => port < rules.lowestPort || rules.reservedPorts.includes(port));
  if (low) return `the port ${low.port} is reserved: choose another one from ${rules.lowestPort} up, or 0 to get a free one`;
  const name = twice(ports.map((it) => it.name));
  if (name !== undefined) return `two ports are called ${name}`;
  const target = twice(ports.map((it) => `${it.targetPort}/${it.protocol}`));
  if (target !== undefined) return `the port ${target} of the environment is named twice`;
  const outside = twice(explicit.map((it) => `${it.port}/${it.protocol}`));
  return outside === undefined ? undefined : `the port ${outside} outside is asked for twice`;
}

function twice(values: readonly string[]): string | undefined {
  return values.find((value, at) => values.indexOf(value) !== at);
}

/**
 * An address and ports for a wish, or nothing when no address has what is asked for. Tried are the address that it has, those in use, and
 * then the others, so that as few as possible are used. What it has already stays as it is.
 */
export function allocate(
  wish: readonly PublicPort[],
  { addresses, rules }: { readonly addresses: readonly string[]; readonly rules: PortRules },
  { current, others }: { readonly current: Holding | undefined; readonly others: readonly Holding[] },
): Holding | undefined {
  const known = new Set(addresses);
  const inUse = [...new Set(others.map(({ ip }) => ip))].filter((ip) => known.has(ip)).toSorted(compareAddresses);
  const mine = current && known.has(current.ip) ? [current.ip] : [];
  for (const ip of new Set([...mine, ...inUse, ...addresses])) {
    const taken = new Set(others.filter((it) => it.ip === ip).flatMap(({ ports }) => ports.map(keyOf)));
    const ports = fit(wish, taken, { rules, before: current?.ip === ip ? current.ports : [] });
    if (ports) return { ip, ports };
  }
  return undefined;
}

function keyOf({ port, protocol }: PublicPort): string {
  return `${protocol}/${port}`;
}

interface Fitting {
  readonly rules: PortRules;
  /** What it has on this address. */
  readonly before: readonly PublicPort[];
}

function fit(wish: readonly PublicPort[], taken: ReadonlySet<string>, fitting: Fitting): PublicPort[] | undefined {
  const explicit = wish.filter(({ port }) => port !== 0);
  if (explicit.some((it) => taken.has(keyOf(it)))) return undefined;
  const used = new Set([...taken, ...explicit.map(keyOf)]);
  const kept = keepOld(wish, used, fitting);
  const result: PublicPort[] = [];
  for (const it of wish) {
    const given = it.port === 0 ? (kept.get(it) ?? lowestFree(it, used, fitting.rules)) : it;
    if (!given) return undefined;
    used.add(keyOf(given));
    result.push(given);
  }
  return result;
}

/** Ports that were chosen before and are still free: what somebody was told should not change. They become `used`. */
function keepOld(wish: readonly PublicPort[], used: Set<string>, { rules, before }: Fitting): Map<PublicPort, PublicPort> {
  const kept = new Map<PublicPort, PublicPort>();
  for (const it of wish.filter(({ port }) => port === 0)) {
    const had = before.find((old) => old.targetPort === it.targetPort && old.protocol === it.protocol);
    if (!had || had.port < rules.lowestAutomaticPort || used.has(keyOf(had))) continue;
    used.add(keyOf(had));
    kept.set(it, { ...it, port: had.port });
  }
  return kept;
}

function lowestFree(
  wish: PublicPort,
  used: ReadonlySet<string>,
  { lowestAutomaticPort, reservedPorts }: PortRules,
): PublicPort | undefined {
  for (let port = lowestAutomaticPort; port <= HIGHEST; port += 1) {
    const candidate = { ...wish, port };
    if (!used.has(keyOf(candidate)) && !reservedPorts.includes(port)) return candidate;
  }
  return undefined;
}
