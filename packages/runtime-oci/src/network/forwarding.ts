import { readFile } from 'node:fs/promises';
import type { HostCommand } from '../host-command.ts';

/**
 * Lets packets of tenant networks pass to the internet where the host itself does not: the kernel's switch, and a FORWARD chain that drops by
 * policy, as Docker and ufw leave it. Our own walls stand in a table of their own and lose nothing by this.
 */
export async function openForwarding(run: HostCommand, interfaces: string): Promise<void> {
  const file = '/proc/sys/net/ipv4/ip_forward';
  if ((await readFile(file, 'utf8')).trim() !== '1') await run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
  const chain = await droppingChain(run);
  if (!chain) return;
  for (const rule of passes(interfaces)) {
    const there = await run(['iptables', '-w', '-C', chain, ...rule]).then(
      () => true,
      () => false,
    );
    if (!there) await run(['iptables', '-w', '-I', chain, ...rule]);
  }
}

/** Takes back what {@link openForwarding} added to other people's chains. */
export async function closeForwarding(run: HostCommand, interfaces: string): Promise<void> {
  const chain = await droppingChain(run);
  // A rule that is not there is as good as removed.
  for (const rule of chain ? passes(interfaces) : []) await run(['iptables', '-w', '-D', chain ?? '', ...rule]).catch(() => '');
}

/** The chain to open: Docker's own for such rules where there is one. Nothing where packets pass by default, or iptables is not there. */
async function droppingChain(run: HostCommand): Promise<string | undefined> {
  const rules = await run(['iptables', '-w', '-S']).catch(() => '');
  if (!/^-P FORWARD DROP/m.test(rules)) return undefined;
  return /^-N DOCKER-USER$/m.test(rules) ? 'DOCKER-USER' : 'FORWARD';
}

function passes(interfaces: string): readonly (readonly string[])[] {
  const named = `${interfaces}+`;
  return [
    ['-i', named, '-j', 'ACCEPT'],
    ['-o', named, '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'],
  ];
}
