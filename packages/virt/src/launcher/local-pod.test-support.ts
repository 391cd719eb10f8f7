import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import type { PodShell } from '../doors/shell.ts';
import { emulatorCommand } from '../guest/emulator.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';

const PROGRAMS = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/', import.meta.url).pathname;
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A machine whose guest is 49 bytes: its boot sector counts in memory at each tick of its clock, and writes what it counted to the serial line. */
export const COUNTER: GuestSpec = {
  domain: { memory: { guest: '64Mi' }, devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] } },
  volumes: [{ name: 'root', persistentVolumeClaim: { claimName: 'root' } }],
};

const COUNTS = '31c08ed8c70600060000fbf4ff0600068b1e0006b90400c1c30488d8240f04303c3a72020427baf803eee2ebb00aeeebd9';

function countingDisk(): Buffer {
  const disk = Buffer.concat([Buffer.from(COUNTS, 'hex'), Buffer.alloc(1 << 20)]);
  const whole = disk.subarray(0, 1 << 20);
  whole.writeUInt16LE(0xaa55, 510);
  return whole;
}

/** Programs that a test needs and this machine has not. */
export function missingTools(...tools: readonly string[]): string[] {
  return tools.filter((tool) => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore', env: { PATH } });
      return false;
    } catch {
      return true;
    }
  });
}

/** What runs in a launcher pod, run here: the same programs, with a directory of this machine in place of the pod's. */
export class LocalPod {
  readonly place = mkdtempSync(join(tmpdir(), 'crownlabs-pod-'));
  readonly #children = new Set<ChildProcess>();
  readonly shell: PodShell;

  constructor() {
    mkdirSync(join(this.place, 'claims/root'), { recursive: true });
    this.shell = {
      open: async (_pod, _container, command) => {
        const child = this.start(command);
        const { stdin, stdout } = child;
        if (!stdin || !stdout) throw new LabError('InternalError', 'no pipes');
        return Duplex.from({ writable: stdin, readable: stdout });
      },
      run: (_pod, _container, command) =>
        new Promise((resolve, reject) => {
          const [program = '', ...words] = this.#local(command);
          execFile(program, words, { env: this.#env }, (error, stdout, stderr) =>
            error ? reject(new LabError('InternalError', stderr.trim())) : resolve(stdout),
          );
        }),
    };
  }

  get #env() {
    return { PATH, MACHINE_RUN: this.place };
  }

  /** Words of the pod, as they are here. */
  #local(command: readonly string[]): string[] {
    return command.map((word) =>
      word
        .replaceAll('/usr/lib/crownlabs/', PROGRAMS)
        .replaceAll('/run/machine', this.place)
        .replaceAll('/claims/', `${this.place}/claims/`)
        .replaceAll('/bases/', `${this.place}/bases/`),
    );
  }

  /** Starts a program of the pod. */
  start(command: readonly string[]): ChildProcess {
    const [program = '', ...words] = this.#local(command);
    const child = spawn(program, words, { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.stdin?.on('error', () => undefined);
    return child;
  }

  /** Where a file of the pod is here. */
  path(path: string): string {
    const [local = ''] = this.#local([path]);
    return local;
  }

  /** A file of the pod. */
  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** The disk image of a machine that counts, in a folder. */
  image(folder: string): void {
    mkdirSync(this.path(folder), { recursive: true });
    writeFileSync(join(this.path(folder), 'disk.raw'), countingDisk());
  }

  /** Boots a machine that counts, as its pod does: from its volume, or from the file that its preparation makes. */
  boot(preparation: readonly string[], made?: string): { ended: Promise<unknown[]> } {
    const file = made ?? '/claims/root/disk.img';
    if (made === undefined && !existsSync(this.path(file))) writeFileSync(this.path(file), countingDisk());
    const format = made === undefined ? ('raw' as const) : ('qcow2' as const);
    const drives = [{ disk: { name: 'root' }, file, format, readOnly: false, preparation: [] }];
    const identity = {
      name: 'm',
      key: 'n/m',
      acceleration: 'tcg' as const,
      mac: '02:00:00:00:00:01',
      firmwareId: '6f7f6a1e-0000-5000-8000-000000000001',
    };
    // Its ports of the host would be those of this machine.
    const devices = { ...COUNTER.domain.devices, autoattachPodInterface: false };
    const command = emulatorCommand({ ...identity, spec: { ...COUNTER, domain: { ...COUNTER.domain, devices } }, drives });
    return { ended: once(this.start(['/usr/lib/crownlabs/run-machine', '5', ...preparation, '--', ...command]), 'exit') };
  }

  /** Ends what runs. */
  stop(): void {
    for (const child of this.#children) kill(child);
  }

  /** Ends everything. */
  end(): void {
    this.stop();
    rmSync(this.place, { recursive: true, force: true });
  }
}

/** With all that it started. */
function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
