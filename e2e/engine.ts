import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, must } from './kubectl.ts';
import { run } from './program.ts';

/** The uid that marks what an installation has in the engine. */
export function installationId(lab: Caller): Promise<string> {
  return must(lab, ['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
}

/** Containers, networks and volumes of an installation's pods: what a deletion must take with it. */
export async function engineLeftovers(
  lab: Caller & { readonly dataDir: string },
): Promise<{ containers: number; networks: number; volumes: string[] }> {
  const id = await installationId(lab);
  // Spare sandboxes wait for pods and belong to nobody yet.
  const containers = (await containersOf(id)).filter((line) => line.includes('pod-uid')).length;
  const networks = (await run('ip', ['-o', 'link'])).stdout.split('\n').filter((line) => line.includes(` cl${shortOf(id)}b`)).length;
  // People's drives outlive every instance.
  const kept = await must(lab, ['get', 'persistentvolumeclaims', '-A', '-o', 'jsonpath={.items[*].spec.volumeName}']);
  const directories: string[] = await readdir(join(lab.dataDir, 'volumes')).catch(() => []);
  return { containers, networks, volumes: directories.filter((name) => !kept.includes(name)) };
}

/** How an installation is called in names of interfaces and tables. */
function shortOf(id: string): string {
  return id.replaceAll('-', '').slice(0, 6);
}

/** The folder of an installation in memory. */
function memoryOf(id: string): string {
  return `/run/crownlabs-${id.slice(0, 8)}`;
}

/** Everything that the machine has of an installation: containers, interfaces, packet filter tables, processes, mounts, folders. Empty after `down`. */
export async function traces(id: string, dataDir: string): Promise<string[]> {
  const short = shortOf(id);
  const lines = async (program: string, args: readonly string[]) => (await run(program, args)).stdout.split('\n').filter(Boolean);
  const [containers, links, tables, processes, mounts] = await Promise.all([
    containersOf(id),
    lines('ip', ['-o', 'link']),
    lines('nft', ['list', 'tables']),
    lines('ps', ['-eo', 'pid,args']),
    lines('findmnt', ['-rn', '-o', 'TARGET']),
  ]);
  return [
    ...containers,
    ...links.filter((line) => line.includes(` cl${short}`)),
    ...tables.filter((line) => line.includes(`crownlabs_${short}`)),
    ...processes.filter((line) => line.includes(dataDir) && !line.includes(' ps -eo')),
    ...mounts.filter((target) => target.startsWith(`${dataDir}/`)),
    ...(await lines('find', [memoryOf(id)])),
  ];
}

/** Removes by force what an installation that cannot end by itself left behind, so that it disturbs no later test. */
export async function sweep(id: string, dataDir: string): Promise<void> {
  const listed = await run('ps', ['-eo', 'pid,args']);
  for (const line of listed.stdout.split('\n').filter((text) => text.includes(dataDir))) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  const { stdout } = await run('podman', ['ps', '-aq', '--filter', `label=crownlabs.polito.it/installation=${id}`]);
  if (stdout) await run('podman', ['rm', '-f', '--depend', '-t', '0', ...stdout.trim().split('\n')]);
  const links = (await run('ip', ['-br', 'link'])).stdout.split(/\s+/).filter((word) => word.startsWith(`cl${shortOf(id)}`));
  for (const link of links) await run('ip', ['link', 'delete', link.replace(/@.*/, '')]);
  await run('nft', ['delete', 'table', 'inet', `crownlabs_${shortOf(id)}`]);
  await rm(memoryOf(id), { recursive: true, force: true });
}

/** One line a container: name, start, labels. */
export async function containersOf(id: string): Promise<string[]> {
  const format = '{{.Names}} {{.StartedAt}} {{.Labels}}';
  const { stdout } = await run('podman', ['ps', '-a', '--filter', `label=crownlabs.polito.it/installation=${id}`, '--format', format]);
  return stdout.split('\n').filter(Boolean).toSorted();
}
