/**
 * What the gateway adds to a desktop: the way of a small update from the desktop to the viewer, straight over TCP and
 * through the gateway, and what each further viewer costs. `node bench/rfb-relay.ts`
 */
import { FakeDesktop, tightScreen, updateOf } from '../packages/gateway/tests/fake-desktop.ts';
import { Lab } from '../packages/gateway/tests/lab.ts';
import { BROWSER_ENCODINGS, overSocket, overTcp, RfbClient, type Wire } from '../packages/gateway/tests/rfb-client.ts';

const HOST = '127.0.59.7';
const ROUNDS = 2_000;
const EVERY_MS = 2;
const PATH = '/api/rfb/tenant-ada/desk/desktop';
const STAMP = Buffer.from('stamp:');

await using lab = await Lab.start();
await using desktop = await new FakeDesktop().listen(HOST);
for (const action of ['view', 'control']) lab.granted.add(`ada ${action} desk`);
lab.runPod(HOST);
const ada = await lab.browser().signIn();

const straight = await latency(await overTcp(HOST, 5900));
for (const { socket } of desktop.guests) socket.destroy();
const alone = await latency(overSocket(ada.socket(PATH)));
console.log(`one viewer      straight  p50 ${ms(straight, 0.5)}  p99 ${ms(straight, 0.99)}`);
console.log(
  `                gateway   p50 ${ms(alone, 0.5)}  p99 ${ms(alone, 0.99)}   added p99 ${(at(alone, 0.99) - at(straight, 0.99)).toFixed(3)} ms`,
);

const first = await open();
const second = await open();
const two = await load();
const more = await Promise.all(Array.from({ length: 8 }, () => open()));
const ten = await load();
console.log(
  `shared desktop  2 viewers ${two.toFixed(1)} % of a core, 10 viewers ${ten.toFixed(1)} %: ${((ten - two) / 8).toFixed(2)} % for one more (50 updates/s of 64×48, viewers in this process included)`,
);
for (const client of [first, second, ...more]) client.close();

/** Milliseconds from the desktop's write to the viewer's hand, by way of a stamp in the picture. */
async function latency(wire: Wire): Promise<number[]> {
  const samples: number[] = [];
  const client = await new RfbClient(wire).start(BROWSER_ENCODINGS);
  wire.onBytes((bytes) => {
    const at = bytes.lastIndexOf(STAMP);
    if (at >= 0) samples.push(Number(process.hrtime.bigint() - bytes.readBigUInt64LE(at + STAMP.length)) / 1e6);
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const pixels = Buffer.alloc(16 * 16 * 4);
    STAMP.copy(pixels);
    pixels.writeBigUInt64LE(process.hrtime.bigint(), STAMP.length);
    desktop.send(updateOf(0, pixels, { x: 0, y: 0, width: 16, height: 16 }));
    await pause(EVERY_MS);
  }
  client.close();
  return samples.slice(ROUNDS / 10).toSorted((a, b) => a - b);
}

async function open(): Promise<RfbClient> {
  return new RfbClient(overSocket(ada.socket(PATH))).start(BROWSER_ENCODINGS);
}

/** Share of one core during two seconds of 50 updates a second. */
async function load(): Promise<number> {
  const before = process.cpuUsage();
  const began = performance.now();
  while (performance.now() - began < 2_000) {
    desktop.send(tightScreen(Buffer.alloc(64 * 48 * 3, String(began))));
    await pause(20);
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / (performance.now() - began)) * 100;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function ms(sorted: readonly number[], share: number): string {
  return `${at(sorted, share).toFixed(3)} ms`;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
