import { lookup } from 'node:dns/promises';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import process from 'node:process';
import type { Finding } from '@crownlabs/runtime-oci';
import { hasProgram, mailerFrom, probeTun } from '@crownlabs/server';
import { messageOf } from '@crownlabs/std';
import { probeKvm } from '@crownlabs/virt';
import { stringify } from 'yaml';
import { withEngine } from '../command-engine.ts';
import { running } from '../installation.ts';
import type { Places } from '../places.ts';
import { readConfiguration } from '../read-configuration.ts';
import { paint } from '../terminal.ts';

const GIB = 2 ** 30;

/** Looks at the machine and prints findings. Exit code 0 when nothing stands in the way, 1 otherwise. */
export async function doctor(places: Places, format: string): Promise<number> {
  const looked = await Promise.all([
    engine(places),
    installation(places),
    disk(places),
    builder(),
    localhostNames(),
    mail(places),
    machines(places),
  ]);
  const findings = [...looked.flat(), nodeVersion(), memory(), edge()];
  if (format === 'json') process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else if (format === 'yaml') process.stdout.write(stringify(findings));
  else process.stdout.write(findings.map(forPeople).join(''));
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

function forPeople({ ok, check, found, did, advice }: Finding): string {
  const lines = [`${ok ? paint('green', '✓') : paint('red', '✗')} ${check.padEnd(14)} ${found}`];
  if (did) lines.push(`${' '.repeat(17)}${paint('dim', did)}`);
  if (advice) lines.push(`${' '.repeat(17)}${paint('yellow', advice)}`);
  return `${lines.join('\n')}\n`;
}

function finding(check: string, ok: boolean, found: string, advice = ''): Finding {
  return { check, ok, found, did: '', advice: ok ? '' : advice };
}

function engine(places: Places): Promise<readonly Finding[]> {
  return withEngine(places, { proveAnew: true }, ({ findings }) => Promise.resolve(findings));
}

async function installation(places: Places): Promise<Finding[]> {
  try {
    await readConfiguration(places, {});
  } catch (error) {
    return [finding('configuration', false, messageOf(error), `Edit ${places.config}.`)];
  }
  const state = await running(places);
  return [
    finding('installation', true, state ? `Runs at ${state.url}, process ${state.pid}` : `Does not run; its data is in ${places.dataDir}`),
  ];
}

function nodeVersion(): Finding {
  return finding('node', true, `Node.js ${process.versions.node}, brought by our own dependencies`);
}

async function disk(places: Places): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(places.dataDir).catch(() => statfs('/'));
  const free = (bavail * bsize) / GIB;
  return [
    finding(
      'disk',
      free > 5,
      `${free.toFixed(1)} GiB free for data`,
      'Images and environments need 5 GiB at least. Free some space, or choose another place with --data-dir.',
    ),
  ];
}

function memory(): Finding {
  const total = totalmem() / GIB;
  return finding(
    'memory',
    total > 3,
    `${total.toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB of it free`,
    'A desktop needs about 1 GiB beside the system; expect one or two at a time.',
  );
}

async function builder(): Promise<Finding[]> {
  const there = await hasProgram('mmdebstrap');
  return [
    finding(
      'image builder',
      there,
      there ? 'mmdebstrap is installed' : 'mmdebstrap is missing',
      '`crownlabs up` installs it; or type: sudo apt-get install mmdebstrap',
    ),
  ];
}

/** How virtual machines are run here. A guest is tried, because a device that opens may run none. */
async function machines(places: Places): Promise<Finding[]> {
  // A configuration with mistakes is told of above.
  const wanted = await readConfiguration(places, {}).catch(() => undefined);
  if (wanted?.virtualMachines === false) return [finding('machines', true, 'Virtual machines are switched off: virtualMachines is false')];
  return [machineImages(await hasProgram('qemu-img')), await processor(), await cards()];
}

/** Disks of machines are made for one kind of processor. The emulator itself comes in an image of ours. */
function machineImages(makesDisks: boolean): Finding {
  const others = `The images of virtual machines are for amd64 processors, and this is ${process.arch}`;
  if (process.arch !== 'x64') return finding('machines', false, others, 'Set virtualMachines: false; containers work without them.');
  const comes = makesDisks ? 'qemu-img is installed' : 'qemu-img comes when the first is started (package qemu-utils)';
  return finding('machines', true, `Virtual machines are on; their images are made when they are first started; ${comes}`);
}

async function processor(): Promise<Finding> {
  const { runs, found } = await probeKvm();
  const how = runs ? 'virtual machines use it' : 'virtual machines are emulated, several times slower';
  return finding('processor', true, `${found.charAt(0).toUpperCase()}${found.slice(1)}; ${how}`);
}

/** Networks of machines beside that of their pod: labs on networks need them, everything else does not. */
async function cards(): Promise<Finding> {
  const { device, found } = await probeTun();
  return finding(
    'networks',
    true,
    `${device ? 'Machines can share networks of their own' : 'Machines cannot share networks of their own'}: ${found}`,
  );
}

/** Mail is a choice; one that was made and does not work is a finding. */
async function mail(places: Places): Promise<Finding[]> {
  // A configuration with mistakes is told of above.
  const config = await readConfiguration(places, {}).catch(() => undefined);
  if (!config) return [];
  const settings = config.mail;
  if (!settings) return [finding('mail', true, 'Off: nobody is warned by mail before an environment is stopped or deleted')];
  try {
    using mailer = await mailerFrom(settings);
    await mailer.check();
    return [finding('mail', true, `${settings.host}:${settings.port} lets us in`)];
  } catch (error) {
    return [finding('mail', false, messageOf(error), `Look at the section mail of ${places.config}.`)];
  }
}

function edge(): Finding {
  const root = process.getuid?.() === 0;
  return finding('exposed process', true, root ? 'Runs as a Unix user of its own' : 'Runs as you: only root can give it a user of its own');
}

/** Browsers resolve *.localhost by themselves (RFC 6761); other programs ask the system. */
async function localhostNames(): Promise<Finding[]> {
  const known = await lookup('x.apps.localhost').then(
    () => true,
    () => false,
  );
  return [
    finding(
      'names',
      true,
      known ? '*.localhost resolves' : '*.localhost does not resolve on this system; browsers know it by themselves, curl needs --resolve',
    ),
  ];
}
