/**
 * Measures the embedded API as a program of its own, over TLS with HTTP/1.1, each figure beside its budget, and beside two peers
 * in the same run: an etcd (Debian: etcd-server) with its npm client, and a bare TLS server of node, which is the limit.
 * `node bench/api.ts [row…] [--seconds 3] [--connections 32] [--controllers] [--node-flag=--cpu-prof]`. Without rows: all of them.
 */
import { parseArgs } from 'node:util';
import { idle, starts } from './api/at-rest.ts';
import { besideEtcd } from './api/beside-etcd.ts';
import { disk } from './api/disk.ts';
import { fanOut } from './api/fan-out.ts';
import { lists } from './api/lists.ts';
import { RATES, rates } from './api/rates.ts';
import { showRatios } from './api/scoreboard.ts';
import { type ApiOptions, DataDirectory, LOOP_WATCH, type ServerProcess, startApi, startBare } from './api/server-process.ts';
import { stalls } from './api/stalls.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    controllers: { type: 'boolean', default: false },
    'node-flag': { type: 'string', multiple: true, default: [] },
  },
});
const load = { seconds: Number(values.seconds), connections: Number(values.connections) };
const options = { controllers: values.controllers, node: values['node-flag'] };
const CROWDS = { watch: 100, 'watch-1000': 1000 };

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  disk,
  start: () => starts(options),
  idle: () => idle(options),
  ...Object.fromEntries(RATES.map((name) => [name.replaceAll(' ', '-'), () => withApi((server) => rates(server, [name], load))])),
  rates: () => withApi((server) => rates(server, RATES, load)),
  list: () => withApi((server) => lists(server, [2000, 10_000])),
  watch: () => withApi((server) => fanOut(server, { watchers: CROWDS.watch, seconds: load.seconds })),
  'watch-1000': () => withApi((server) => fanOut(server, { watchers: CROWDS['watch-1000'], seconds: load.seconds })),
  stall: () => withApi(stalls, { ...options, node: [...options.node, LOOP_WATCH] }),
  bare: besideBare,
  etcd: () => besideEtcd(load),
};
const ALL = ['disk', 'start', 'idle', 'rates', 'list', 'watch', 'watch-1000', 'stall', 'bare', 'etcd'];

for (const row of positionals.length > 0 ? positionals : ALL) {
  const measure = ROWS[row];
  if (!measure) throw new Error(`There is no row ${row}. There are ${Object.keys(ROWS).join(', ')}.`);
  await measure();
}
showRatios('etcd');
showRatios('bare node');

async function withApi(measure: (server: ServerProcess) => Promise<void>, how: ApiOptions = options): Promise<void> {
  using directory = new DataDirectory();
  await using server = await startApi(directory, how);
  await measure(server);
}

async function besideBare(): Promise<void> {
  const peer = 'bare node: ';
  await using server = await startBare();
  await rates(server, ['create', 'get'], load, peer);
  await fanOut(server, { watchers: CROWDS.watch, seconds: load.seconds, peer });
}
