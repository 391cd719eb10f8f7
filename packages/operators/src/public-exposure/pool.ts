import { LabError } from '@crownlabs/std';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;

const MOST = 4_096n;

/** All addresses of a pool's entries in their order, each once. Throws Invalid for what is no address, and for more than anybody has. */
export function poolAddresses(entries: readonly string[]): string[] {
  const found = new Set<string>();
  for (const entry of entries) {
    for (const address of span(entry.trim())) found.add(address.toString());
  }
  return [...found].toSorted(compareAddresses);
}

/** By family, then by number: the order in which addresses are tried. */
export function compareAddresses(a: string, b: string): number {
  const [left, right] = [ipaddr.parse(a), ipaddr.parse(b)];
  if (left.kind() !== right.kind()) return left.kind() === 'ipv4' ? -1 : 1;
  const difference = numberOf(left) - numberOf(right);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

function* span(entry: string): Generator<Address> {
  const [first, last] = bounds(entry);
  const end = numberOf(last);
  if (end - numberOf(first) >= MOST) throw new LabError('Invalid', `${entry} has more than ${MOST} addresses: name fewer.`);
  const length = first.toByteArray().length;
  for (let number = numberOf(first); number <= end; number += 1n) yield addressOf(number, length);
}

function bounds(entry: string): [Address, Address] {
  const [from = '', to = from, ...more] = entry.split('-').map((part) => part.trim());
  if (ipaddr.isValidCIDR(entry)) {
    const [base, bits] = ipaddr.parseCIDR(entry);
    const length = base.toByteArray().length;
    const size = 1n << BigInt(length * 8 - bits);
    const first = (numberOf(base) / size) * size;
    return [addressOf(first, length), addressOf(first + size - 1n, length)];
  }
  if (more.length === 0 && isAddress(from) && isAddress(to)) {
    const [first, last] = [ipaddr.parse(from), ipaddr.parse(to)];
    if (first.kind() === last.kind() && numberOf(first) <= numberOf(last)) return [first, last];
  }
  throw new LabError('Invalid', `${entry} is no address, range (203.0.113.8-203.0.113.15) or network (203.0.113.8/29).`);
}

/** In full: this library reads `10.1` as an address as well. */
function isAddress(text: string): boolean {
  return ipaddr.isValid(text) && (text.includes(':') || text.split('.').length === 4);
}

function numberOf(address: Address): bigint {
  return address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function addressOf(number: bigint, length: number): Address {
  const bytes = Array.from({ length }, (_, i) => Number((number >> BigInt(8 * (length - 1 - i))) & 255n));
  return ipaddr.fromByteArray(bytes);
}
