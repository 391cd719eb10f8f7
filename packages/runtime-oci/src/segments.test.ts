import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installed } from './engine/machine.ts';
import { requireEngine } from './engine/start-engine.ts';
import { hostCommand } from './host-command.ts';
import { names } from './names.ts';
import { busybox, type RealEngine, realEngine } from './real-engine.test-support.ts';

const programs = await Promise.all(['podman', 'busybox', 'perl'].map(installed));
const possible = process.getuid?.() === 0 && programs.every(Boolean) && existsSync('/dev/net/tun');
const signal = () => AbortSignal.timeout(20_000);

// What an emulator does, as user 1010 without any capability: opens the device, sends its frames again and again, prints what it hears.
const CARD = `
  $| = 1; open my $tap, '+<', '/dev/net/tun' or die $!;
  my $which = pack 'a16 s x22', 'net1', 0x1002; ioctl $tap, 0x400454ca, $which or die $!;
  for (;;) {
    syswrite $tap, pack('H*', $_) for @ARGV;
    for (1 .. 10) {
      my $ready = ''; vec($ready, fileno $tap, 1) = 1;
      next unless select($ready, undef, undef, 0.01) > 0;
      sysread $tap, my $frame, 2000; print unpack('H*', $frame), "\\n";
    }
  }`;
const LIBRARIES = ['/usr', '/lib', '/lib64'].map((path) => ({ kind: 'bind', source: path, target: path, readOnly: true }) as const);
const MAC = '020000000001';
const ANSWER = '08060001080006040002';

const hex = (text: string) => Buffer.from(text).toString('hex');
const address = (ip: string) => ip.split('.').map(Number);
const octets = (...bytes: readonly number[]) => Buffer.from(bytes).toString('hex');
/** A frame to everybody; LLDP is what bridges usually keep to themselves. */
const hello = (name: string) => `0180c200000e${MAC}88cc${hex(`hello from ${name}`).padEnd(92, '0')}`;
/** Asks for the owner of an address, as who is about to take it: whoever has it answers, whatever routes it has. RFC 5227 */
const whoHas = (ip: string) => `${'f'.repeat(12)}${MAC}08060001080006040001${MAC}00000000${'0'.repeat(12)}${octets(...address(ip))}`;
const answers = (ip: string) => `${ANSWER}[0-9a-f]{12}${octets(...address(ip))}`;

/** A datagram in the name of somebody else. */
function forged(mac: string, from: string, to: string, port: number): string {
  const header = [0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, ...address(from), ...address(to)];
  let sum = 0;
  for (let n = 0; n < header.length; n += 2) sum += (header[n] ?? 0) * 256 + (header[n + 1] ?? 0);
  const check = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  header.splice(10, 2, check >> 8, check & 0xff);
  return `${mac}${MAC}0800${octets(...header, port >> 8, port & 0xff, port >> 8, port & 0xff, 0, 12, 0, 0)}${hex('boo!')}`;
}

describe.skipIf(!possible)('segments on a real engine', { timeout: 60_000 }, () => {
  let engine: RealEngine;
  beforeAll(async () => void (engine = await realEngine()), 60_000);
  afterAll(() => engine.end(), 60_000);

  test('pods of different tenants are on one wire, which leads neither to another segment, nor to the host, nor to a tenant network', async () => {
    const first = await engine.open();
    let { runtime } = first;
    const { hub } = names(first.installation);
    const inHub = (...argv: string[]) => hostCommand(['nsenter', `--net=/var/run/netns/${hub}`, ...argv]);
    const create = async (name: string, segment: string) => {
      const pod = { uid: crypto.randomUUID(), namespace: `tenant-${name}`, name, hostname: name };
      const { ip } = await runtime.createPod({ ...pod, segments: [{ segment, device: 'net1', owner: 1010 }] }, signal());
      return { uid: pod.uid, name, ip, gateway: ip.replace(/\.\d+$/, '.1') };
    };
    const plugIn = async (pod: { uid: string; name: string }, frames: readonly string[] = []) => {
      const command = ['/usr/bin/perl', '-e', CARD, hello(pod.name), ...frames];
      const more = { mounts: LIBRARIES, devices: [{ path: '/dev/net/tun' }] };
      const { id } = await runtime.startContainer(pod.uid, busybox(command, more), signal());
      return async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of runtime.logs(id, { follow: false, timestamps: false }, signal())) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      };
    };
    const times = async (heard: () => Promise<string>, name: string) => (await heard()).split(hex(`hello from ${name}`)).length - 1;

    const host = createSocket('udp4').bind(0, '0.0.0.0');
    await once(host, 'listening');
    let reached = 0;
    host.on('message', () => reached++);
    const [ada, eve, bob] = [await create('ada', 'lan'), await create('eve', 'lan'), await create('bob', 'other')];
    const links: readonly { address: string }[] = JSON.parse(await inHub('ip', '-j', 'link', 'show'));
    const macs = [...new Set(links.map((link) => link.address.replaceAll(':', '')))];
    const foreign = [ada.ip, eve.ip, bob.ip, ada.gateway, eve.gateway, bob.gateway];
    const forgeries = macs.map((mac) => forged(mac, eve.ip, eve.gateway, host.address().port));
    const atEve = await plugIn(eve);
    const atBob = await plugIn(bob);
    const atAda = await plugIn(ada, [...[...foreign, '192.0.2.1'].map(whoHas), ...forgeries]);

    await expect.poll(() => times(atEve, 'ada'), { timeout: 5_000 }).toBeGreaterThan(2);
    await expect.poll(() => times(atAda, 'eve'), { timeout: 5_000 }).toBeGreaterThan(2);
    expect(await atBob()).toBe('');
    expect(await atAda()).not.toContain(hex('hello from bob'));
    expect(await atAda()).not.toContain(ANSWER);
    expect(reached).toBe(0);
    // The same question is answered once somebody on the wire has the address, so silence above was silence.
    await inHub('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'lan');
    await expect.poll(atAda, { timeout: 5_000 }).toMatch(new RegExp(answers('192.0.2.1')));

    // A control that starts again finds the segments, over which frames went on.
    await first.shut();
    ({ runtime } = await engine.open(first.installation));
    const before = await times(atEve, 'ada');
    await expect.poll(() => times(atEve, 'ada'), { timeout: 5_000 }).toBeGreaterThan(before);
    const bridges = async () => (await inHub('ls', '/proc/sys/net/ipv4/conf')).split('\n').filter((name) => /^(lan|other)$/.test(name));
    await runtime.removePod(ada.uid);
    expect(await bridges()).toEqual(['lan', 'other']);
    await runtime.removePod(eve.uid);
    expect(await bridges()).toEqual(['other']);
    await runtime.removePod(bob.uid);
    expect(await hostCommand(['ip', 'netns', 'list'])).not.toContain(hub);
    host.close();
  });

  test('a pod whose segment cannot be made is refused, and leaves nothing', async () => {
    const { runtime, installation } = await engine.open();
    const spec = { uid: crypto.randomUUID(), namespace: 'tenant-ada', name: 'desk', hostname: 'desk' };
    const twice = [1, 2].map(() => ({ segment: 'lan', device: 'net1', owner: 1010 }));
    await expect(runtime.createPod({ ...spec, segments: twice }, signal())).rejects.toThrow(/busy|exist/i);
    expect(await hostCommand(['ip', 'netns', 'list'])).not.toContain(names(installation).hub);
    const { docker } = requireEngine(engine.start);
    const filters = JSON.stringify({ label: [`crownlabs.polito.it/installation=${installation}`] });
    expect((await docker.listContainers({ all: true, filters })).length).toBeLessThanOrEqual(1);
    await runtime.createPod(spec, signal());
  });
});
