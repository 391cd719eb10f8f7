import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ApiEndpoint, createClient, httpTransport, type KubeClient, kubeconfigEndpoint, machineStreams } from '@crownlabs/client';

/** An installation that is measured. */
export interface Measured {
  readonly client: KubeClient;
  readonly endpoint: ApiEndpoint;
  readonly streams: ReturnType<typeof machineStreams>;
}

/** The installation behind a kubeconfig. */
export async function measured(kubeconfig: string): Promise<Measured> {
  const endpoint = kubeconfigEndpoint(await readFile(kubeconfig, 'utf8'), { directory: dirname(kubeconfig) });
  const client = createClient(httpTransport(endpoint), { fieldManager: 'bench', userAgent: 'bench' });
  return { client, endpoint, streams: machineStreams(endpoint) };
}

/** Longer than any boot takes where nothing else runs. */
export const BOOT_MS = 300_000;

/** What every machine of the measurements has. */
export const HARDWARE = { cores: 2, memory: 1024 };

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for something, and gives up when it cannot come any more. */
export async function until<T>(look: () => Promise<T | undefined | false>, everyMs = 50, within = BOOT_MS): Promise<T> {
  const end = performance.now() + within;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`what was waited for did not come within ${within / 1000} s`);
    await pause(everyMs);
  }
}

/** The value that a part of all is not above. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
export const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
