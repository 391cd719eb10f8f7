import { BlockList, isIP } from 'node:net';

/** Whether a text is a network in CIDR notation. */
export function isCidr(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || bits === undefined || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
}

const FORM = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** Why a text is no network, or one that others may read in another way. */
export function cidrProblems(text: string): string[] {
  if (isCidr(text) && !/\/0\d/.test(text)) return hasHostBits(text) ? ['must not have bits set beyond the prefix length'] : [];
  const plain = text.replaceAll(/(^|[./])0+(?=\d)/g, '$1');
  return [plain !== text && isCidr(plain) ? 'must not have leading 0s in IP or prefix length' : FORM];
}

/** Whether an IPv4 network is written by the address of somebody in it. */
function hasHostBits(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  if (isIP(address) !== 4) return false;
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return value % 2 ** (32 - Number(bits)) !== 0;
}

/** Whether the first network holds the second and more. */
export function cidrContains(outer: string, inner: string): boolean {
  const [address = '', bits = ''] = outer.split('/');
  const [innerAddress = '', innerBits = ''] = inner.split('/');
  if (isIP(address) !== isIP(innerAddress)) return false;
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family);
  return Number(innerBits) > Number(bits) && block.check(innerAddress, family);
}
