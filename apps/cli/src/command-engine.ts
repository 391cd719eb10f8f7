import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { type EngineStart, startEngine, stopPodmanService } from '@crownlabs/runtime-oci';
import type { Places } from './places.ts';
import { birthOf } from './process-birth.ts';
import { readConfiguration } from './read-configuration.ts';

/**
 * Has an engine for the length of one command. Our own Podman service is then this command's alone, beside the product's and those of other
 * commands, so that none disturbs another; what a killed command left running is ended first.
 */
export async function withEngine<T>(
  places: Places,
  { proveAnew }: { proveAnew: boolean },
  work: (started: EngineStart) => Promise<T>,
): Promise<T> {
  const config = await readConfiguration(places, {});
  await endCommandEngines(places);
  const directory = join(folderOf(places), nameOf(process.pid) ?? 'command');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const started = await startEngine({ directory, ...(config.engineSocket ? { socket: config.engineSocket } : {}), proveAnew });
  try {
    return await work(started);
  } finally {
    await started.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Ends the engine services of commands that were killed. Says whether there were any. */
export async function endCommandEngines(places: Places): Promise<boolean> {
  const folder = folderOf(places);
  const names: string[] = await readdir(folder).catch(() => []);
  const left = names.filter((name) => nameOf(Number.parseInt(name, 10)) !== name).map((name) => join(folder, name));
  const ended = await Promise.all(left.map(stopPodmanService));
  await Promise.all(left.map((directory) => rm(directory, { recursive: true, force: true })));
  return ended.includes(true);
}

function folderOf({ dataDir }: Places): string {
  return join(dataDir, 'engine-cli');
}

/** A process's folder: its number and, because numbers come again, when it began. Paths of sockets must be short, so no more than that. */
function nameOf(pid: number): string | undefined {
  const started = birthOf(pid)?.split('/')[1];
  return started && `${pid}-${started}`;
}
