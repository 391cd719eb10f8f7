import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from './pods.ts';
import { show } from './scoreboard.ts';
import { type ApiOptions, DataDirectory, startApi } from './server-process.ts';
import { openWires } from './wire.ts';

const OBJECTS = 10_000;
const IDLE_SECONDS = 5;
const WRITERS = 32;

/** From the command to the first answer, with nothing and with much to load. */
export async function starts(options: ApiOptions): Promise<void> {
  using directory = new DataDirectory();
  {
    await using first = await startApi(directory, options);
    show({ name: 'ready, first start', value: first.readyMs, unit: 'ms', more: 'keys and certificates are made' });
  }
  {
    await using server = await startApi(directory, options);
    show({ name: 'ready, empty', value: server.readyMs, unit: 'ms' });
    const wires = await openWires(server.port, WRITERS);
    await fill(wires, OBJECTS, 'r');
    for (const wire of wires) wire.close();
  }
  await using server = await startApi(directory, options);
  show({ name: 'ready, 10,000 objects', value: server.readyMs, unit: 'ms' });
  show({ name: 'memory, 10,000 objects', value: server.memory, unit: 'MB' });
}

/** What it takes when nobody asks for anything. */
export async function idle(options: ApiOptions): Promise<void> {
  using directory = new DataDirectory();
  const first = await startApi(directory, options);
  await first[Symbol.asyncDispose]();
  await using server = await startApi(directory, options);
  await sleep(2000);
  const cpu = server.cpu;
  await sleep(IDLE_SECONDS * 1000);
  show({ name: 'memory, idle', value: server.memory, unit: 'MB' });
  show({ name: 'CPU, idle', value: Number((((server.cpu - cpu) / IDLE_SECONDS) * 100).toFixed(1)), unit: '%' });
}
