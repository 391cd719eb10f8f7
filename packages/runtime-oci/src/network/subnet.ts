import { LabError } from '@crownlabs/std';

/** An IPv4 range: first address and prefix length. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.1.2.0/24`; a bare address is a /32; `undefined` for anything else (IPv6, `default`). */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5] ?? 32);
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return { base: address - (address % 2 ** (32 - prefix)), prefix };
}

/** Writes an address as text. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Writes a range as text. */
export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatAddress(base)}/${prefix}`;
}

/** Whether the two ranges share an address. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + 2 ** (32 - b.prefix) && b.base < a.base + 2 ** (32 - a.prefix);
}

const NETWORK_PREFIX = 24;
const NETWORKS_PER_BLOCK = 256;
// Where people seldom live: the upper end of 10/8, then the middle of 172.16/12.
const BLOCKS: readonly number[] = [
  ...range(176, 254).map((n) => (10 * 256 + n) * 65_536),
  ...range(21, 31).map((n) => (172 * 256 + n) * 65_536),
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/**
 * A free /24 that overlaps nothing in `taken`. The search begins at a place that depends on `seed`,
 * so that two installations on one machine seldom try the same one.
 */
export function findSubnet(taken: readonly Subnet[], seed: number): Subnet {
  const total = BLOCKS.length * NETWORKS_PER_BLOCK;
  for (let n = 0; n < total; n++) {
    const at = (seed + n) % total;
    const block = BLOCKS[Math.floor(at / NETWORKS_PER_BLOCK)] ?? 0;
    const subnet: Subnet = { base: block + (at % NETWORKS_PER_BLOCK) * 256, prefix: NETWORK_PREFIX };
    if (!taken.some((other) => overlap(subnet, other))) return subnet;
  }
  throw new LabError('ServiceUnavailable', 'No private address range is free for a new tenant network.');
}
