import { isRequestUri } from '../formats.ts';
import { text } from './argument.ts';
import { fn, method, type Overload, traversal } from './function.ts';
import { type Address, addressText, type Block, containsAddress, masked, parseAddress, parseBlock } from './ip-address.ts';
import { BOOL, INT, list, map, opaque, STRING } from './type.ts';
import { CelFailure, dictionary, type Opaque, type Value } from './value.ts';

class IpValue implements Opaque {
  readonly opaque = 'net.IP';
  readonly address: Address;

  constructor(address: Address) {
    this.address = address;
  }

  equals(other: Opaque): boolean {
    return other instanceof IpValue && this.address.family === other.address.family && this.address.bits === other.address.bits;
  }
}

class CidrValue implements Opaque {
  readonly opaque = 'net.CIDR';
  readonly block: Block;

  constructor(block: Block) {
    this.block = block;
  }

  equals(other: Opaque): boolean {
    if (!(other instanceof CidrValue)) return false;
    const { address, length } = other.block;
    return this.block.length === length && this.block.address.family === address.family && this.block.address.bits === address.bits;
  }
}

const [IP, CIDR, URL_TYPE] = [opaque('net.IP'), opaque('net.CIDR'), opaque('kubernetes.URL')];
const read = { cost: ([size]: readonly number[]) => traversal(size) };

function toAddress(source: string): Address {
  const address = parseAddress(source);
  if (address === undefined) throw new CelFailure(`IP Address "${source}" parse error during conversion from string: unable to parse IP`);
  return address;
}

function toBlock(source: string): Block {
  const block = parseBlock(source);
  if (block === undefined) throw new CelFailure('network address parse error during conversion from string: no valid CIDR');
  return block;
}

function ip(value: Value | undefined): Address {
  if (value instanceof IpValue) return value.address;
  return toAddress(text(value));
}

function cidr(value: Value | undefined): Block {
  if (value instanceof CidrValue) return value.block;
  return toBlock(text(value));
}

const within = (block: string) => (address: Address) => containsAddress(toBlock(block), address);
const anyOf =
  (...blocks: readonly string[]) =>
  (address: Address) =>
    blocks.some((block) => within(block)(address));

const LOOPBACK = anyOf('127.0.0.0/8', '::1/128');
const MULTICAST = anyOf('224.0.0.0/4', 'ff00::/8');
const LINK_LOCAL = anyOf('169.254.0.0/16', 'fe80::/10');
const LINK_LOCAL_MULTICAST = anyOf('224.0.0.0/24', 'ff02::/16');
const unspecified = ({ bits }: Address) => bits === 0n;
const isGlobal = (address: Address) =>
  !unspecified(address) && !LOOPBACK(address) && !MULTICAST(address) && !LINK_LOCAL(address) && addressText(address) !== '255.255.255.255';

const KINDS: Readonly<Record<string, (address: Address) => boolean>> = {
  isUnspecified: unspecified,
  isLoopback: LOOPBACK,
  isLinkLocalMulticast: LINK_LOCAL_MULTICAST,
  isLinkLocalUnicast: LINK_LOCAL,
  isGlobalUnicast: isGlobal,
};

function isCanonical(source: string): boolean {
  return addressText(toAddress(source)) === source;
}

const ADDRESSES: readonly Overload[] = [
  fn('ip', [STRING], IP, { run: ([source]) => new IpValue(toAddress(text(source))), ...read }),
  fn('isIP', [STRING], BOOL, { run: ([source]) => parseAddress(text(source)) !== undefined, ...read }),
  fn('ip.isCanonical', [STRING], BOOL, { run: ([source]) => isCanonical(text(source)), cost: ([size]) => traversal(size, 2) }),
  method('family', [IP], INT, ([value]) => BigInt(ip(value).family)),
  fn('string', [IP], STRING, { run: ([value]) => addressText(ip(value)), size: () => 39 }),
  ...Object.entries(KINDS).map(([name, holds]) => method(name, [IP], BOOL, ([value]) => holds(ip(value)))),
];

function containsBlock(outer: Block, inner: Block): boolean {
  return outer.length <= inner.length && containsAddress(outer, inner.address);
}

const BLOCKS: readonly Overload[] = [
  fn('cidr', [STRING], CIDR, { run: ([source]) => new CidrValue(toBlock(text(source))), ...read }),
  fn('isCIDR', [STRING], BOOL, { run: ([source]) => parseBlock(text(source)) !== undefined, ...read }),
  ...[IP, STRING].map((type) =>
    method('containsIP', [CIDR, type], BOOL, { run: ([block, address]) => containsAddress(cidr(block), ip(address)), cost: () => 2 }),
  ),
  ...[CIDR, STRING].map((type) =>
    method('containsCIDR', [CIDR, type], BOOL, { run: ([outer, inner]) => containsBlock(cidr(outer), cidr(inner)), cost: () => 3 }),
  ),
  method('ip', [CIDR], IP, ([block]) => new IpValue(cidr(block).address)),
  method('masked', [CIDR], CIDR, ([block]) => new CidrValue(masked(cidr(block)))),
  method('prefixLength', [CIDR], INT, ([block]) => BigInt(cidr(block).length)),
  fn('string', [CIDR], STRING, { run: ([block]) => `${addressText(cidr(block).address)}/${cidr(block).length}`, size: () => 43 }),
];

interface UrlParts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class UrlValue implements Opaque {
  readonly opaque = 'kubernetes.URL';
  readonly source: string;
  readonly parts: UrlParts;

  constructor(source: string) {
    this.source = source;
    const [, scheme = '', authority = '', path = '', query = ''] =
      /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s.exec(source) ?? [];
    this.parts = { scheme: scheme.toLowerCase(), host: authority.slice(authority.lastIndexOf('@') + 1), path, query };
  }

  equals(other: Opaque): boolean {
    return other instanceof UrlValue && this.source === other.source;
  }
}

function url(value: Value | undefined): UrlParts {
  if (value instanceof UrlValue) return value.parts;
  throw new CelFailure('no such overload');
}

function toUrl(source: string): UrlValue {
  if (!isRequestUri(source))
    throw new CelFailure(`URL parse error during conversion from string: parse "${source}": invalid URI for request`);
  return new UrlValue(source);
}

const hostname = ({ host }: UrlParts) => /^\[(.*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '');
const port = ({ host }: UrlParts) => /:(\d*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? '';

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}

function query({ query: source }: UrlParts): Value {
  const values = new Map<string, string[]>();
  for (const pair of source.split('&').filter((entry) => entry !== '')) {
    const [key = '', ...rest] = pair.split('=');
    const name = unescaped(key);
    values.set(name, [...(values.get(name) ?? []), unescaped(rest.join('='))]);
  }
  return dictionary([...values].map(([key, items]) => [key, { items }]));
}

const URLS: readonly Overload[] = [
  fn('url', [STRING], URL_TYPE, { run: ([source]) => toUrl(text(source)), ...read }),
  fn('isURL', [STRING], BOOL, { run: ([source]) => isRequestUri(text(source)), ...read }),
  method('getScheme', [URL_TYPE], STRING, ([value]) => url(value).scheme),
  method('getHost', [URL_TYPE], STRING, ([value]) => url(value).host),
  method('getHostname', [URL_TYPE], STRING, ([value]) => hostname(url(value))),
  method('getPort', [URL_TYPE], STRING, ([value]) => port(url(value))),
  method('getEscapedPath', [URL_TYPE], STRING, ([value]) => encodeURI(decodeURI(url(value).path))),
  method('getQuery', [URL_TYPE], map(STRING, list(STRING)), ([value]) => query(url(value))),
];

/** Addresses, blocks of addresses, and URLs. */
export const NETWORK: readonly Overload[] = [...ADDRESSES, ...BLOCKS, ...URLS];
