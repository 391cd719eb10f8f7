import type { PathTable } from './paths.ts';
import type { Api } from './pipeline.ts';
import type { WatchHub } from './verbs/watch-hub.ts';

/** Registers `/metrics` in the text form of Prometheus. */
export function addMetrics(
  table: PathTable,
  api: Api,
  { hub, more }: { readonly hub: WatchHub; readonly more: (() => Promise<string>) | undefined },
): void {
  table.add('/metrics', async () => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    parts: [Buffer.from(metricsText(api, hub)), Buffer.from((await more?.()) ?? '')],
  }));
}

function metricsText(api: Api, hub: WatchHub): string {
  const { store } = api.objects;
  const lines: string[] = [];
  const add = (name: string, kind: 'gauge' | 'counter', help: string, values: readonly (readonly [string, number])[]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...values.map(([labels, value]) => `${name}${labels} ${value}`));
  };
  const objects = store.buckets().map((bucket) => [`{resource="${label(bucket)}"}`, store.count(bucket)] as const);
  add('apiserver_storage_objects', 'gauge', 'Objects that are stored now, by resource.', objects);
  add('apiserver_registered_watchers', 'gauge', 'Watches that are open now.', [['', hub.size]]);
  add('apiserver_storage_revision', 'counter', 'The last committed revision.', [['', store.revision]]);
  const memory = process.memoryUsage();
  add('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', memory.rss]]);
  add('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', [['', memory.heapUsed]]);
  const cpu = process.cpuUsage();
  add('process_cpu_seconds_total', 'counter', 'CPU time spent.', [['', (cpu.user + cpu.system) / 1e6]]);
  return `${lines.join('\n')}\n`;
}

function label(bucket: string): string {
  const [group = '', plural = ''] = bucket.split('/');
  return group === '' ? plural : `${plural}.${group}`;
}
