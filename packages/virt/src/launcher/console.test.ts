import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { missingTools } from './local-pod.test-support.ts';

const CONNECT = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/connect', import.meta.url).pathname;
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const missing = missingTools('socat');

/** A serial line as the emulator has it: all that the machine says is in its log, and goes to who is connected at that moment. */
async function serialLine(before: string) {
  const place = mkdtempSync(join(tmpdir(), 'crownlabs-console-'));
  const log = join(place, 'console.log');
  writeFileSync(log, before);
  const clients = new Set<Socket>();
  let typed = '';
  const server = createServer((client) => {
    // The prompt came before the emulator took notice of who connects.
    appendFileSync(log, 'login: ');
    clients.add(client);
    client.on('error', () => undefined).on('data', (keys) => void (typed += String(keys)));
  });
  server.listen(join(place, 'console.sock'));
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
    rmSync(place, { recursive: true });
  });
  return {
    connect: () => spawn('sh', [CONNECT, join(place, 'console.sock'), log], { env: ENV, stdio: ['pipe', 'pipe', 'inherit'] }),
    say: (text: string) => {
      appendFileSync(log, text);
      for (const client of clients) client.write(text);
    },
    hangUp: () => {
      for (const client of clients) client.end();
    },
    typed: () => typed,
  };
}

test.skipIf(missing.length > 0)(
  'who opens a console sees each word of its machine once, also what it said in that very moment; only what it asked of a terminal before is left out',
  async () => {
    const line = await serialLine(`${'.'.repeat(20_000)}\x1b[6nbooted\r\n`);
    const program = line.connect();
    let heard = '';
    program.stdout.on('data', (chunk) => void (heard += String(chunk)));
    await expect.poll(() => heard.replace(/^\.{16,}/, ''), { timeout: 5_000 }).toBe('booted\r\nlogin: ');
    program.stdin.write('ada\n');
    await expect.poll(line.typed).toBe('ada\n');
    line.say('hello ada \x1b[6n');
    await expect.poll(() => heard).toContain('login: hello ada \x1b[6n');
    line.say('bye');
    line.hangUp();
    await once(program, 'exit');
    expect(heard.endsWith('login: hello ada \x1b[6nbye')).toBe(true);
  },
);
