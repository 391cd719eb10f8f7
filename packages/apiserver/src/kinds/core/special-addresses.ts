import { BlockList, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
const LINK_LOCAL_MULTICAST = new BlockList();
LINK_LOCAL_MULTICAST.addSubnet('224.0.0.0', 24, 'ipv4');
LINK_LOCAL_MULTICAST.addSubnet('ff02::', 16, 'ipv6');

/** Why an address cannot be one that other machines reach. */
export function nonSpecialProblems(address: string): string[] {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (address === '0.0.0.0' || address === '::') return [`may not be unspecified (${address})`];
  if (LOOPBACK.check(address, family)) return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  if (LINK_LOCAL.check(address, family)) return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  return LINK_LOCAL_MULTICAST.check(address, family) ? ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'] : [];
}
