import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { imageBuilds, instances } from '@crownlabs/api';
import { stringify } from 'yaml';
import { adminClient } from '../admin-client.ts';
import { type Running, running } from '../installation.ts';
import type { Places } from '../places.ts';
import { paint } from '../terminal.ts';

/** Prints what runs. Exit code 0 when it serves, 3 when nothing runs (as init scripts have it). */
export async function status(places: Places, format: string): Promise<number> {
  const state = await running(places);
  const report = state ? await describe(places, state) : { running: false, dataDir: places.dataDir };
  if (format === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (format === 'yaml') process.stdout.write(stringify(report));
  else
    process.stdout.write(
      state ? forPeople(await describe(places, state)) : `CrownLabs does not run from ${places.dataDir}. Start it with \`crownlabs up\`.\n`,
    );
  return state ? 0 : 3;
}

interface Report {
  readonly running: true;
  readonly ready: boolean;
  readonly url: string;
  readonly apiServer: string;
  readonly dataDir: string;
  readonly since: string;
  readonly programs: Readonly<Record<string, { pid: number; memoryMiB: number }>>;
  readonly instances: Readonly<Record<string, number>>;
  readonly images: Readonly<Record<string, string>>;
}

async function describe(places: Places, state: Running): Promise<Report> {
  const client = await adminClient(places);
  const [running, builds, memory] = await Promise.all([
    client.list(instances).then(
      ({ items }) => items,
      () => [],
    ),
    client.list(imageBuilds).then(
      ({ items }) => items,
      () => [],
    ),
    Promise.all(Object.entries(state.programs).map(async ([name, pid]) => [name, { pid, memoryMiB: await residentMiB(pid) }] as const)),
  ]);
  const phases = Object.groupBy(running, (instance) => instance.status?.phase || 'New');
  return {
    running: true,
    ready: state.ready,
    url: state.url,
    apiServer: state.apiServer,
    dataDir: places.dataDir,
    since: state.startedAt,
    programs: Object.fromEntries(memory),
    instances: Object.fromEntries(Object.entries(phases).map(([phase, list]) => [phase, list?.length ?? 0])),
    images: Object.fromEntries(
      builds.map(({ spec, status: build }) => [
        spec.image,
        build?.phase === 'Building' ? `Building ${build.percent ?? 0} %` : (build?.phase ?? 'Pending'),
      ]),
    ),
  };
}

function forPeople(report: Report): string {
  const list = (entries: [string, unknown][]) => entries.map(([name, value]) => `${name}: ${String(value)}`).join(', ') || 'none';
  return [
    `${report.ready ? paint('green', '●') : paint('yellow', '●')} CrownLabs is at ${paint('bold', report.url)}${report.ready ? '' : ' (starting)'}`,
    `  API          ${report.apiServer}  (crownlabs kubeconfig)`,
    `  Data         ${report.dataDir}`,
    `  Running      since ${report.since}`,
    `  Programs     ${list(Object.entries(report.programs).map(([name, { pid, memoryMiB }]) => [name, `pid ${pid}, ${memoryMiB} MiB`]))}`,
    `  Instances    ${list(Object.entries(report.instances))}`,
    `  Images       ${list(Object.entries(report.images))}`,
    '',
  ].join('\n');
}

async function residentMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
}
