import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENCODING } from '../src/rfb/protocol.ts';
import { Lab } from './lab.ts';
import { overSocket, RfbClient } from './rfb-client.ts';

const EMULATOR = '/usr/bin/qemu-system-x86_64';
const PATH = '/api/rfb/tenant-ada/desk/desktop';

/** A machine without a disk, whose firmware says so on its screen. Not installed everywhere; the gateway's other tests do not need it. */
describe.skipIf(!existsSync(EMULATOR))('a real hypervisor', () => {
  let folder: string;
  let emulator: ChildProcess;
  let lab: Lab;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'machine-'));
    const socket = join(folder, 'screen.sock');
    const words = ['-accel', 'tcg', '-m', '32', '-nodefaults', '-display', 'none', '-vga', 'std', '-vnc', `unix:${socket}`];
    emulator = spawn(EMULATOR, words, { stdio: 'ignore' });
    lab = await Lab.start({ machines: async (_machine, _stream, signal) => connect({ path: socket, signal }) });
    for (const action of ['view', 'control']) lab.granted.add(`ada ${action} desk`);
    lab.runMachine('127.0.59.9', { gui: false, phase: 'Running' });
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    emulator.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('its screen is seen by two at once, packed for the way, and both see the same as without packing', async () => {
    const ada = await lab.browser().signIn();
    const open = (encodings?: readonly number[]) => new RfbClient(overSocket(ada.socket(PATH))).start(encodings);
    const first = await open();
    await expect.poll(() => new Set(first.pixels).size, { timeout: 10_000 }).toBeGreaterThan(1);
    const second = await open();
    const plain = await open([ENCODING.raw]);
    for (let before = -1, now = 0; before !== now; now = first.updates + second.updates + plain.updates) {
      before = now;
      await sleep(250);
    }
    expect([first, second, plain].map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
    expect(second.encodingsSeen).toContain(ENCODING.tight);
    expect([second.width, second.height]).toEqual([plain.width, plain.height]);
    expect(second.pixels.equals(first.pixels)).toBe(true);
    expect(plain.pixels.equals(first.pixels)).toBe(true);
  });
});
