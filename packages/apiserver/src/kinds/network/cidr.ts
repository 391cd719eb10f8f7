import { BlockList, isIP } from 'node:net';

/** Whether a text is a network in CIDR notation. */
export function isCidr(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || bits === undefined || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
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
