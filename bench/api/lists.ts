import { expected, fill, PODS } from './pods.ts';
import { show } from './scoreboard.ts';
import type { ServerProcess } from './server-process.ts';
import { openWires } from './wire.ts';

const ROUNDS = 5;
const WRITERS = 32;

/** How long a list of so many pods takes, in the middle of a few. */
export async function lists(server: ServerProcess, counts: readonly number[]): Promise<void> {
  const wires = await openWires(server.port, WRITERS);
  const [wire] = wires;
  if (!wire) return;
  let there = 0;
  for (const count of counts) {
    await fill(wires, count - there, `l${count}-`);
    there = count;
    const took: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      bytes = await expected(wire, { method: 'GET', path: PODS }, 200);
      took.push(performance.now() - start);
    }
    const middle = took.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
    show({ name: `list of ${count.toLocaleString('en')}`, value: Math.round(middle), unit: 'ms', more: `${Math.round(bytes / 1024)} kB` });
  }
  for (const one of wires) one.close();
}
