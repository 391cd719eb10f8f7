import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'vitest';
import { run } from './program.ts';

/** Where somebody answers. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

const SPACE = 'crownlabs-e2e-lan';
const LISTEN = "require('node:net').createServer((s) => s.end()).listen(8123, '0.0.0.0', () => console.log('listening'))";

/**
 * What an environment could reach if nothing stopped it: a program that listens on every address of this machine, and a second machine on a
 * local network with public-looking addresses. Both answer us, so that a refusal is the walls' work.
 */
export class Neighbourhood implements AsyncDisposable {
  readonly #host: Server;
  readonly #machine: ChildProcess;

  private constructor(host: Server, machine: ChildProcess) {
    this.#host = host;
    this.#machine = machine;
  }

  static async open(): Promise<Neighbourhood> {
    await run('ip', ['netns', 'delete', SPACE]);
    for (const command of [
      `netns add ${SPACE}`,
      `link add cle2e0 type veth peer name eth0 netns ${SPACE}`,
      'addr add 198.51.100.1/24 dev cle2e0',
      'link set cle2e0 up',
      `-n ${SPACE} addr add 198.51.100.2/24 dev eth0`,
      `-n ${SPACE} link set eth0 up`,
      // Answers would find their way back to whatever got in.
      `-n ${SPACE} route add default via 198.51.100.1`,
    ]) {
      const { code, stderr } = await run('ip', command.split(' '));
      if (code !== 0) throw new Error(`ip ${command}: ${stderr}`);
    }
    const machine = spawn('ip', ['netns', 'exec', SPACE, process.execPath, '-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((listening) => machine.stdout.once('data', () => listening()));
    const host = createServer((socket) => socket.end());
    await new Promise<void>((listening) => host.listen(0, '0.0.0.0', listening));
    const opened = new Neighbourhood(host, machine);
    for (const { address, port } of opened.places) expect([address, await answers(address, port)]).toEqual([address, true]);
    return opened;
  }

  /** Every address of this machine, and the second machine. */
  get places(): readonly Place[] {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const addresses = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
    return [...addresses.map((address) => ({ address, port: this.port })), { address: '198.51.100.2', port: 8123 }];
  }

  /** The port of the program on this machine. */
  get port(): number {
    const address = this.#host.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#machine.kill('SIGKILL');
    this.#host.close();
    await run('ip', ['link', 'delete', 'cle2e0']);
    await run('ip', ['netns', 'delete', SPACE]);
  }
}

/** Whether a TCP connection can be made from here. */
export async function answers(address: string, port: number): Promise<boolean> {
  const script = `require('node:net').connect(${port}, '${address}').setTimeout(3000, () => process.exit(1)).on('error', () => process.exit(1)).on('connect', () => process.exit(0))`;
  return (await run(process.execPath, ['-e', script])).code === 0;
}
