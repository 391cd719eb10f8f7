import { BlockList, isIP } from 'node:net';
import { LabError } from '@crownlabs/std';

/** Who may call: networks of callers, and of the proxies in front of us that say who calls. */
export interface CallerRules {
  readonly allowed: readonly string[];
  readonly trustedProxies: readonly string[];
}

/** Tells whether a call may be answered. */
export type MayCall = (peer: string | undefined, forwardedFor: string | undefined) => boolean;

/**
 * A call comes from the last address of X-Forwarded-For that is no proxy of ours: what stands before it was written by the caller himself. Without
 * a trusted proxy the header says nothing. Throws Invalid for what is no network.
 */
export function callers({ allowed, trustedProxies }: CallerRules): MayCall {
  const [may, proxies] = [networks(allowed), networks(trustedProxies)];
  return (peer, forwardedFor) => {
    const said = (forwardedFor ?? '')
      .split(',')
      .map((it) => it.trim())
      .filter(Boolean);
    const hops = [...said, plain(peer ?? '')].toReversed();
    const caller = hops.find((hop) => !has(proxies, hop));
    return caller !== undefined && has(may, caller);
  };
}

/** An IPv4 address in the clothes of an IPv6 one is judged as what it is. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function has(list: BlockList, address: string): boolean {
  const family = isIP(plain(address));
  return family !== 0 && list.check(plain(address), family === 6 ? 'ipv6' : 'ipv4');
}

function networks(all: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of all) add(list, text);
  return list;
}

function add(list: BlockList, text: string): void {
  const [address = '', bits] = text.split('/');
  const family = isIP(address);
  const widest = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? widest : Number(bits);
  if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > widest) {
    throw new LabError('Invalid', `${text} is no network: 192.0.2.0/24 or 192.0.2.7 is meant.`);
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}
