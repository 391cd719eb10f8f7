import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { machineStreams, virtualMachineInstances } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import type { Places } from '../places.ts';
import { say } from '../terminal.ts';
import { findRunning, type MachineFlags, reachOf } from './vm.ts';

/** Ctrl and the right bracket, as telnet and virsh have it. */
const LEAVE = 0x1d;

/** The serial console of a machine, in this terminal. */
export async function openConsole(places: Places, name: string, flags: MachineFlags): Promise<void> {
  const { endpoint, client } = await reachOf(places, flags);
  const { machine } = await findRunning(client, name, flags);
  const stream = await machineStreams(endpoint).open(machine, 'console', new AbortController().signal);
  say(`Connected to the serial console of ${name}. Enter may bring up a prompt; Ctrl+] leaves.`);
  process.stdin.setRawMode?.(true);
  try {
    await talk(stream);
  } finally {
    process.stdin.setRawMode?.(false);
    process.stdin.pause();
  }
  say('\nDisconnected.');
}

async function talk(stream: Duplex): Promise<void> {
  stream.pipe(process.stdout, { end: false });
  process.stdin.on('data', (keys: Buffer) => {
    const leaving = keys.indexOf(LEAVE);
    if (leaving < 0) stream.write(keys);
    else stream.destroy();
  });
  // Commands that are piped in end; what the machine says to them is still on its way.
  process.stdin.once('end', () => setTimeout(() => stream.destroy(), 1_000));
  await once(stream, 'close');
}

/** What `ssh` is called with: through this program, whose words are given, and with a known-hosts file of this installation. */
export function sshWords(
  name: string,
  rest: readonly string[],
  { self, hostId, knownHosts }: { self: readonly string[]; hostId: string; knownHosts: string },
): string[] {
  const proxy = [...self, 'vm', 'port-forward', name, '22'].map(quoted).join(' ');
  const options = [
    `ProxyCommand=${proxy}`,
    `HostKeyAlias=${hostId}`,
    `UserKnownHostsFile=${quoted(knownHosts)}`,
    'StrictHostKeyChecking=accept-new',
  ];
  return [...options.flatMap((option) => ['-o', option]), `crownlabs@${name}`, ...rest];
}

// The words go through a shell, and before it through ssh, which reads a percent sign as the beginning of a name of its own.
function quoted(word: string): string {
  const safe = word.replaceAll('%', '%%');
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** A shell in a machine over SSH, by way of the API; resolves to the exit code of `ssh`. */
export async function openShell(places: Places, name: string, rest: readonly string[], flags: MachineFlags): Promise<number> {
  const { client } = await reachOf(places, flags);
  const { instance, machine, persistent } = await findRunning(client, name, flags);
  // What keeps no disk makes keys of its own at each start, and is another host then.
  const guest = persistent ? undefined : await client.get(virtualMachineInstances, machine.name, machine.namespace);
  const hostId = (guest ?? instance).metadata.uid ?? name;
  const chosen = Object.entries({ namespace: instance.metadata.namespace, env: flags.env, kubeconfig: flags.kubeconfig });
  const told = chosen.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]));
  const self = [process.execPath, process.argv[1] ?? '', '--data-dir', places.dataDir];
  const words = sshWords(name, rest, { self, hostId, knownHosts: join(places.dataDir, 'known_hosts') });
  const proxied = words.map((word) => (word.startsWith('ProxyCommand=') ? `${word} ${told.map(quoted).join(' ')}` : word));
  const ssh = spawn('ssh', proxied, { stdio: 'inherit' });
  const [code] = await Promise.race([once(ssh, 'close'), once(ssh, 'error').then(missing)]);
  return typeof code === 'number' ? code : 255;
}

function missing(cause: unknown): never {
  throw new LabError('ServiceUnavailable', 'There is no `ssh` on this machine. Install the package openssh-client.', { cause });
}
