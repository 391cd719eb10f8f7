/**
 * Measures the operators on the embedded API with a simulated node, all in this process: many Instances created at once until all are Ready,
 * then operators that start again among more of them, until they are quiet. `node bench/operators.ts [--instances 500] [--existing 2000]`.
 * Prints each figure beside its budget (architecture.md, section 12), and what the operators asked of the API for one Instance.
 * The process runs as `control` does: with the same flags, and a log on disk (`--memory` keeps it in memory).
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { type ApiRequest, informer, namespaces, observedTransport } from '@crownlabs/client';
import { scope } from '@crownlabs/std';
import { environment, eventually, instance, startTestLab, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';

const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '500' },
    existing: { type: 'string', default: '2000' },
    memory: { type: 'boolean', default: false },
  },
});
/** As the supervisor starts the programs of one machine. */
const FLAGS = [
  '--max-semi-space-size=16',
  '--max-old-space-size=768',
  '--heap-growing-percent=30',
  '--disable-warning=ExperimentalWarning',
];
if (!FLAGS.every((it) => process.execArgv.includes(it))) {
  const args = [...process.execArgv, ...FLAGS, import.meta.filename, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' },
  });
  process.exit(status ?? 1);
}

const AT_ONCE = Number(values.instances);
const EXISTING = Number(values.existing);
/** A class: each student has a few. */
const STUDENTS = 50;

const asked = new Map<string, number>();
const between: NonNullable<Parameters<typeof startTestLab>[0]>['between'] = (transport) => observedTransport(transport, count);

function count({ method, path }: ApiRequest): void {
  if (path.includes('watch=true')) return;
  const [address = ''] = path.split('?');
  const parts = address.split('/');
  const at = parts.indexOf('namespaces');
  const kind = at === -1 ? parts.slice(-2).join('/') : [parts[at + 2], parts[at + 4]].filter((it) => it !== undefined).join('/');
  const key = `${method} ${kind}`;
  asked.set(key, (asked.get(key) ?? 0) + 1);
}

function show(name: string, value: number, unit: string, budget: number): void {
  const kept = value <= budget ? '✓' : '✗';
  console.log(`${name.padEnd(52)} ${value.toFixed(unit === 's' ? 2 : 0).padStart(8)} ${unit.padEnd(6)} ≤ ${budget} ${kept}`);
}

const memory = () => process.memoryUsage().rss / 2 ** 20;
const config = { caps: { cpu: 0, memory: '0', instances: 0 }, drive: undefined };

async function prepare(lab: TestLab): Promise<void> {
  const roomy = { cpu: 10_000, memory: '40000G', instances: 10_000 };
  await lab.admin.create(workspaces, workspace('net', { quota: roomy }));
  const names = Array.from({ length: STUDENTS }, (_, i) => `student-${i}`);
  await Promise.all(names.map((name) => lab.admin.create(tenants, tenant(name, { net: 'user' }))));
  await eventually(
    () => Promise.all([...names.map((name) => `tenant-${name}`), 'workspace-net'].map((name) => lab.admin.get(namespaces, name))),
    60_000,
  );
  await lab.admin.create(templates, template('net', 'desktop', [environment('desktop', { environmentType: 'Standalone' })]));
  await lab.settled();
}

/** Creates Instances from number `from` on; resolves when all are Ready. */
async function start(lab: TestLab, from: number, number: number): Promise<void> {
  const end = new AbortController();
  const live = informer(lab.admin, instances, {}, end.signal);
  await live.synced();
  const ready = new Set<string>();
  const all = Promise.withResolvers<void>();
  const names = new Set(Array.from({ length: number }, (_, i) => `i-${from + i}`));
  live.onChange((now) => {
    if (now?.status?.phase === 'Ready' && names.has(now.metadata.name)) ready.add(now.metadata.name);
    if (ready.size === number) all.resolve();
  });
  const of = { workspace: 'net', template: 'desktop' };
  await Promise.all([...names].map((name, i) => lab.admin.create(instances, instance(`student-${i % STUDENTS}`, name, of))));
  await all.promise;
  end.abort();
}

await using owned = scope();
const storedIn = values.memory ? undefined : await mkdtemp(join(tmpdir(), 'crownlabs-bench-'));
if (storedIn !== undefined) owned.defer(() => rm(storedIn, { recursive: true }));
await using lab = await startTestLab({ config, between, ...(storedIn === undefined ? {} : { storedIn }) });
await prepare(lab);
asked.clear();
const began = performance.now();
await start(lab, 0, AT_ONCE);
show(`${AT_ONCE} Instances at once, create to all Ready`, (performance.now() - began) / 1000, 's', 8);
show(`memory of everything with ${AT_ONCE}`, memory(), 'MB', 300);
await lab.settled();
const each = [...asked].toSorted(([, a], [, b]) => b - a);
const total = each.reduce((sum, [, calls]) => sum + calls, 0);
console.log(`calls of the operators for one Instance: ${(total / AT_ONCE).toFixed(2)}`);
for (const [what, calls] of each) console.log(`    ${what.padEnd(48)} ${(calls / AT_ONCE).toFixed(2)}`);

if (EXISTING > AT_ONCE) {
  for (let from = AT_ONCE; from < EXISTING; from += 500) await start(lab, from, Math.min(500, EXISTING - from));
  await lab.settled();
  const revision = lab.api.store.revision;
  const again = performance.now();
  await lab.restart();
  await lab.settled();
  show(`${EXISTING} existing Instances, a restart to quiet`, (performance.now() - again) / 1000, 's', 3);
  show('writes of that restart', lab.api.store.revision - revision, '', 0);
  show(`memory of everything with ${EXISTING}`, memory(), 'MB', 300);
}
