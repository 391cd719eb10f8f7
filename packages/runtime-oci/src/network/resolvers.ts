import { readFile } from 'node:fs/promises';
import { parseSubnet } from './subnet.ts';

// systemd-resolved points /etc/resolv.conf to itself on loopback, which no container can reach, and keeps the real servers here.
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
const LOOPBACK = 127;

/** Name servers that a container can be told: those configured, else the host's own that are not on its loopback. */
export async function resolverAddresses(configured: readonly string[]): Promise<readonly number[]> {
  const wanted = readAddresses(configured);
  if (wanted.length > 0) return wanted;
  for (const file of FILES) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const found = readAddresses(text.split('\n').flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? []));
    if (found.length > 0) return found;
  }
  return [];
}

function readAddresses(texts: readonly string[]): readonly number[] {
  return texts.flatMap((text) => parseSubnet(text)?.base ?? []).filter((address) => Math.floor(address / 2 ** 24) !== LOOPBACK);
}
