import { formatAddress, formatSubnet, type Subnet } from './subnet.ts';

/** A tenant network as the firewall sees it. */
export interface WalledNetwork {
  readonly bridge: string;
  readonly subnet: Subnet;
}

/** What tenants may reach beside their own network. */
export interface Egress {
  /** The public internet. */
  readonly internet: boolean;
  /** Ranges that are open although they are private: a licence server, a campus mirror. */
  readonly open: readonly Subnet[];
  /** Name servers, reachable on port 53 only. */
  readonly resolvers: readonly number[];
  /** Ranges directly connected to the host: never reachable, even where they are public. */
  readonly local: readonly Subnet[];
}

/** Private, link-local (with cloud metadata), shared, test and multicast ranges. https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];

// A reset is never rate-limited, so that a refused program knows at once; everything that is not TCP gets the honest ICMP answer.
const refuse = (match: string) => [
  `    ${match} meta l4proto tcp counter reject with tcp reset`,
  `    ${match} counter reject with icmpx admin-prohibited`,
];

/**
 * The whole rule set of one installation, as input to `nft -f -`: it replaces the table in one transaction, so that there is no moment
 * without walls. It runs before other tables (priority -10), and since a refusal is final while an acceptance is not,
 * neither Docker's nor an administrator's rules can open what is closed here.
 */
export function ruleset(table: string, interfaces: string, networks: readonly WalledNetwork[], egress: Egress): string {
  const ours = `"${interfaces}*"`;
  const set = (name: string, type: string, elements: readonly string[], interval = false) =>
    `  set ${name} { type ${type};${interval ? ' flags interval; auto-merge;' : ''}${elements.length > 0 ? ` elements = { ${elements.join(', ')} };` : ''} }`;
  return [
    `table inet ${table} {}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    set(
      'within',
      'ifname . ifname',
      networks.map(({ bridge }) => `"${bridge}" . "${bridge}"`),
    ),
    set(
      'subnets',
      'ipv4_addr',
      networks.map(({ subnet }) => formatSubnet(subnet)),
      true,
    ),
    set('resolvers', 'ipv4_addr', egress.resolvers.map(formatAddress)),
    set('opened', 'ipv4_addr', egress.open.map(formatSubnet), true),
    set('closed', 'ipv4_addr', [...SPECIAL, ...egress.local.map(formatSubnet)], true),
    '  chain input {',
    '    type filter hook input priority -10; policy accept;',
    `    iifname != ${ours} accept`,
    '    ct state established,related accept',
    ...refuse(''),
    '  }',
    '  chain forward {',
    '    type filter hook forward priority -10; policy accept;',
    `    iifname != ${ours} oifname != ${ours} accept`,
    '    ct state established,related accept',
    '    iifname . oifname @within accept',
    ...refuse(`oifname ${ours}`),
    '    ip saddr != @subnets drop',
    ...refuse('meta nfproto ipv6'),
    '    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept',
    '    ip daddr @opened accept',
    ...refuse('ip daddr @closed'),
    ...(egress.internet ? ['    accept'] : refuse('')),
    '  }',
    '  chain outbound {',
    '    type nat hook postrouting priority 100; policy accept;',
    `    ip saddr @subnets oifname != ${ours} masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
}
