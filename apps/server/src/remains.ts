import { readFile, rm, writeFile } from 'node:fs/promises';
import { type Logger, scope } from '@crownlabs/std';
import type { Config } from './config.ts';
import { placesBelow } from './resolved-config.ts';

/** Notes that environments of `installation` may be on this machine from now on. The note outlives a kill of everything. */
export async function noteEnvironments(dataDir: string, installation: string): Promise<void> {
  await writeFile(placesBelow(dataDir).environments, installation);
}

/** Takes the note back: nothing of ours is on the machine any more. */
export async function forgetEnvironments(dataDir: string): Promise<void> {
  await rm(placesBelow(dataDir).environments, { force: true });
}

/** A folder of an installation in memory, for what must not touch the disk. */
export function memoryPath(installation: string): string {
  return `/run/crownlabs-${installation.slice(0, 8)}`;
}

/** Removes that folder. What ended a moment ago may hold it for another moment. */
export async function removeMemory(installation: string): Promise<void> {
  await rm(memoryPath(installation), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/**
 * Ends what an installation that does not run left on the machine because it was killed, or told to: its environments unless `keep`, and its
 * own engine service. Says whether there was anything.
 */
export async function endRemains(config: Config, { keep, log }: { keep: boolean; log: Logger }): Promise<boolean> {
  // Loaded when needed: `up` reads the configuration from this package, and must not pay for an engine's client.
  const { openRuntime, requireEngine, startEngine, stopPodmanService } = await import('@crownlabs/runtime-oci');
  const places = placesBelow(config.dataDir);
  const installation = await readFile(places.environments, 'utf8').catch(() => '');
  if (keep || installation === '') return stopPodmanService(places.engine);
  await using owned = scope();
  const end = new AbortController();
  owned.defer(() => end.abort());
  const started = await startEngine({ directory: places.engine, ...(config.engineSocket ? { socket: config.engineSocket } : {}) });
  owned.defer(() => started.stop());
  const opened = await openRuntime(
    {
      engine: requireEngine(started),
      installation,
      directory: places.pods,
      network: { internet: false, open: [], resolvers: [] },
      log,
      spareSandboxes: 0,
    },
    end.signal,
  );
  await opened.clear();
  await removeMemory(installation);
  await forgetEnvironments(config.dataDir);
  return true;
}
