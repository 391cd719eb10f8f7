import { isIPv4, isIPv6 } from 'node:net';

/** An address as one number. */
export interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** A block of addresses. */
export interface Block {
  readonly address: Address;
  readonly length: number;
}

function groups(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`));
}

function parse4(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function parse6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted === null ? 0n : parse4(dotted[2] ?? '');
  const plain = dotted === null ? text : `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = '', rest] = plain.split('::');
  const [left, right] = [groups(head), groups(rest ?? '')];
  const zeros = rest === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** Reads an address of either family; addresses with a zone, and IPv4 ones in IPv6 clothes, are refused as Kubernetes does. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bits: parse4(text) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const bits = parse6(text);
  return bits >> 32n === 0xffffn ? undefined : { family: 6, bits };
}

/** Reads `address/length`. */
export function parseBlock(text: string): Block | undefined {
  const [head = '', length = '', ...more] = text.split('/');
  const address = parseAddress(head);
  if (address === undefined || more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined;
  return Number(length) <= width(address) ? { address, length: Number(length) } : undefined;
}

/** Bits of an address of its family. */
function width({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

/** The address with all bits beyond the block's length cleared. */
export function masked({ address, length }: Block): Block {
  const host = BigInt(width(address) - length);
  return { address: { family: address.family, bits: (address.bits >> host) << host }, length };
}

/** Whether the block holds the address. */
export function containsAddress({ address, length }: Block, other: Address): boolean {
  const host = BigInt(width(address) - length);
  return address.family === other.family && address.bits >> host === other.bits >> host;
}

/** Start and length of the longest run of zero groups, the first of equals; a single zero is no run. */
function zeroRun(parts: readonly string[]): readonly [number, number] {
  let [start, length] = [0, 1];
  for (let at = 0; at < parts.length; at++) {
    let end = at;
    while (parts[end] === '0') end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end);
  }
  return [start, length];
}

function text6(bits: bigint): string {
  const parts = Array.from({ length: 8 }, (_, at) => ((bits >> BigInt((7 - at) * 16)) & 0xffffn).toString(16));
  const [start, length] = zeroRun(parts);
  if (length < 2) return parts.join(':');
  return `${parts.slice(0, start).join(':')}::${parts.slice(start + length).join(':')}`;
}

/** The canonical text of an address. */
export function addressText({ family, bits }: Address): string {
  if (family === 6) return text6(bits);
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
}
