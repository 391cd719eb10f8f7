import { expected, fill, PODS, pod } from './pods.ts';
import { show } from './scoreboard.ts';
import type { ServerProcess } from './server-process.ts';
import { openWires, type Question, type Wire } from './wire.ts';

/** One kind of request, as often as it goes. */
interface Work {
  readonly status: number;
  question(n: number): Question;
}

const OBJECTS = 500;
let created = 0;

const WORK: Readonly<Record<string, Work>> = {
  create: { status: 201, question: () => ({ method: 'POST', path: PODS, body: pod(`c${created++}`) }) },
  get: { status: 200, question: (n) => ({ method: 'GET', path: `${PODS}/p${n % OBJECTS}` }) },
  'status patch': {
    status: 200,
    question: (n) => ({
      method: 'PATCH',
      path: `${PODS}/p${n % OBJECTS}/status`,
      body: JSON.stringify({ status: { message: `m${n}` } }),
      type: 'application/merge-patch+json',
    }),
  },
  'server-side apply': {
    status: 200,
    question: (n) => ({
      method: 'PATCH',
      path: `${PODS}/p${n % OBJECTS}?fieldManager=bench&force=true`,
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { labels: { n: `n${n}` } } }),
      type: 'application/apply-patch+yaml',
    }),
  },
};

export const RATES = Object.keys(WORK);

export interface Load {
  readonly seconds: number;
  readonly connections: number;
}

/** Requests per second over so many connections, for each of `names`. */
export async function rates(server: ServerProcess, names: readonly string[], { seconds, connections }: Load, peer = ''): Promise<void> {
  const wires = await openWires(server.port, connections);
  await fill(wires, OBJECTS, 'p');
  await perSecond(wires, WORK['create'], 2);
  for (const name of names) {
    await perSecond(wires, WORK[name], 1);
    const cpu = server.cpu;
    const own = process.cpuUsage();
    const { count, rate } = await perSecond(wires, WORK[name], seconds);
    const spent = process.cpuUsage(own);
    const each = Math.round(((server.cpu - cpu) * 1e6) / count);
    const client = Math.round((spent.user + spent.system) / count);
    show({ name: `${peer}${name}`, value: rate, unit: 'per s', more: `CPU each: server ${each} µs, client ${client} µs` });
  }
  for (const wire of wires) wire.close();
}

async function perSecond(wires: readonly Wire[], work: Work | undefined, seconds: number): Promise<{ count: number; rate: number }> {
  if (!work) throw new Error('There is no such row');
  let count = 0;
  const start = performance.now();
  const until = start + seconds * 1000;
  await Promise.all(
    wires.map(async (wire) => {
      while (performance.now() < until) await expected(wire, work.question(count++), work.status);
    }),
  );
  return { count, rate: Math.round((count * 1000) / (performance.now() - start)) };
}
