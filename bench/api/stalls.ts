import { setTimeout as sleep } from 'node:timers/promises';
import { expected, fill, PODS } from './pods.ts';
import { show } from './scoreboard.ts';
import type { ServerProcess } from './server-process.ts';
import { openWires, type Question, type Wire } from './wire.ts';

const OBJECTS = 10_000;
const WRITERS = 32;
const SECONDS = 3;
const PROBE_EVERY_MS = 3;
const KEYS = 9_000;
const MAPS = '/api/v1/namespaces/bench/configmaps';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const LISTS: readonly Question[] = [
  { method: 'GET', path: PODS },
  { method: 'GET', path: `${PODS}?labelSelector=app%3Dbench` },
  { method: 'GET', path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dnowhere' },
  { method: 'GET', path: PODS, accept: TABLE },
  { method: 'GET', path: PODS, accept: 'application/yaml' },
];

/**
 * The longest time for which nobody else was served while somebody did something large: the slowest of the gets that another
 * connection sends every few milliseconds. Every kind of large thing has its own figure.
 */
export async function stalls(server: ServerProcess): Promise<void> {
  const wires = await openWires(server.port, WRITERS);
  await fill(wires, OBJECTS, 's');
  const [probe, busy, other] = wires;
  if (!probe || !busy || !other) return;
  show({ name: 'slowest get, nothing else', value: await slowestGet(probe, () => sleep(300)), unit: 'ms' });
  for (const question of LISTS) await slowestGet(probe, () => expected(busy, question, 200));
  const listing = await slowestGet(probe, async (n) => {
    const [first, second] = [LISTS[n % LISTS.length], LISTS[(n + 1) % LISTS.length]];
    if (first && second) await Promise.all([expected(busy, first, 200), expected(other, second, 200)]);
  });
  show({ name: 'longest stall, lists of 10,000', value: listing, unit: 'ms', more: 'whole, selected, as table, as YAML' });
  await expected(busy, { method: 'POST', path: MAPS, body: JSON.stringify({ metadata: { name: 'large' }, data: data(0) }) }, 201);
  const patching = await slowestGet(probe, (n) => expected(busy, largePatch(n), 200));
  show({ name: 'longest stall, patches of 1 MB', value: patching, unit: 'ms', more: `merge, apply; ${KEYS} keys` });
  const deleting = await slowestGet(probe, async (n) => {
    if (n === 0) await expected(busy, { method: 'DELETE', path: PODS }, 200);
    else await sleep(100);
  });
  show({ name: 'longest stall, deletion of 10,000', value: deleting, unit: 'ms' });
  for (const wire of wires) wire.close();
}

function largePatch(n: number): Question {
  const path = `${MAPS}/large`;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: data(n) };
  if (n % 2 === 0) return { method: 'PATCH', path, body: JSON.stringify(body), type: 'application/merge-patch+json' };
  return {
    method: 'PATCH',
    path: `${path}?fieldManager=bench&force=true`,
    body: JSON.stringify(body),
    type: 'application/apply-patch+yaml',
  };
}

function data(round: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: KEYS }, (_, at) => [`key-${at}`, `value ${round} ${'x'.repeat(80)}`]));
}

/** The slowest get, in ms, while `work` is done again and again. */
async function slowestGet(probe: Wire, work: (n: number) => Promise<unknown>): Promise<number> {
  const stop = new AbortController();
  let slowest = 0;
  const probing = (async () => {
    while (!stop.signal.aborted) {
      const start = performance.now();
      await expected(probe, { method: 'GET', path: `/api/v1/namespaces/bench` }, 200);
      slowest = Math.max(slowest, performance.now() - start);
      await sleep(PROBE_EVERY_MS);
    }
  })();
  const until = performance.now() + SECONDS * 1000;
  for (let n = 0; performance.now() < until; n += 1) await work(n);
  stop.abort();
  await probing;
  return Math.round(slowest);
}
