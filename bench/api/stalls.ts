import { setTimeout as sleep } from 'node:timers/promises';
import { expected, fill, PODS, pod } from './pods.ts';
import { show } from './scoreboard.ts';
import type { ServerProcess } from './server-process.ts';
import { openWires, type Question, type Wire } from './wire.ts';

const OBJECTS = 10_000;
const WRITERS = 32;
const ROUNDS = 4;
const KEYS = 9_000;
const MAPS = '/api/v1/namespaces/bench/configmaps';

const LISTS: Readonly<Record<string, Question>> = {
  whole: { method: 'GET', path: PODS },
  selected: { method: 'GET', path: `${PODS}?labelSelector=app%3Dbench` },
  'by field': { method: 'GET', path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dnowhere' },
  table: { method: 'GET', path: PODS, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  protobuf: { method: 'GET', path: PODS, accept: 'application/vnd.kubernetes.protobuf' },
  YAML: { method: 'GET', path: `${PODS}?limit=1500`, accept: 'application/yaml' },
};

/** The longest time for which the server's event loop was held up, and so nobody else was served, by each kind of large thing. */
export async function stalls(server: ServerProcess): Promise<void> {
  const wires = await openWires(server.port, WRITERS);
  await fill(wires, OBJECTS, 's');
  const [wire] = wires;
  if (!wire) return;
  await sleep(500);
  await server.heldUp();
  await sleep(1000);
  show({ name: 'longest stall, nothing happens', value: await server.heldUp(), unit: 'ms' });
  await report('lists of 10,000', listing(server, wire));
  await report('patches of 1 MB', patching(server, wire));
  await report('32 writers', busy(server, wires));
  await report(
    'deletion of 10,000',
    only(server, () => expected(wire, { method: 'DELETE', path: PODS }, 200)),
  );
  for (const one of wires) one.close();
}

async function report(name: string, parts: Promise<Readonly<Record<string, number>>>): Promise<void> {
  const each = Object.entries(await parts);
  const more = each.map(([part, ms]) => `${part} ${ms}`).join(', ');
  show({ name: `longest stall, ${name}`, value: Math.max(...each.map(([, ms]) => ms)), unit: 'ms', more });
}

async function only(server: ServerProcess, work: () => Promise<unknown>): Promise<Record<string, number>> {
  await server.heldUp();
  await work();
  return { all: await server.heldUp() };
}

async function listing(server: ServerProcess, wire: Wire): Promise<Record<string, number>> {
  const parts: Record<string, number> = {};
  for (const [name, question] of Object.entries(LISTS)) {
    await expected(wire, question, 200);
    await server.heldUp();
    for (let round = 0; round < ROUNDS; round += 1) await expected(wire, question, 200);
    parts[name] = await server.heldUp();
  }
  return parts;
}

async function patching(server: ServerProcess, wire: Wire): Promise<Record<string, number>> {
  await expected(wire, { method: 'POST', path: MAPS, body: JSON.stringify({ metadata: { name: 'large' }, data: data(0) }) }, 201);
  const parts: Record<string, number> = {};
  for (const type of ['merge', 'strategic-merge', 'apply'] as const) {
    for (let round = 0; round <= ROUNDS; round += 1) {
      // The first one compiles.
      if (round === 1) await server.heldUp();
      await expected(wire, largePatch(type, round), 200);
    }
    parts[type] = await server.heldUp();
  }
  return parts;
}

function largePatch(type: string, round: number): Question {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: data(`${type} ${round}`) });
  const query = type === 'apply' ? '?fieldManager=bench&force=true' : '';
  return { method: 'PATCH', path: `${MAPS}/large${query}`, body, type: `application/${type}-patch+${type === 'apply' ? 'yaml' : 'json'}` };
}

function data(round: number | string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: KEYS }, (_, at) => [`key-${at}`, `value ${round} ${'x'.repeat(80)}`]));
}

/** Enough writes for the log to be moved into the database many times. */
async function busy(server: ServerProcess, wires: readonly Wire[]): Promise<Record<string, number>> {
  return only(server, async () => {
    let n = 0;
    await Promise.all(
      wires.map(async (wire) => {
        while (n < OBJECTS) await expected(wire, { method: 'POST', path: PODS, body: pod(`busy${n++}`) }, 201);
      }),
    );
  });
}
