import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { copyLog, type RestingLog } from '@crownlabs/apiserver';
import { type ApiResponse, kubeconfigTransport } from '@crownlabs/client';
import { hasCode, LabError, messageOf } from '@crownlabs/std';
import type { DataLayout } from './data-layout.ts';

/** The log of a data directory, with the key that opens its secrets. */
export async function restingLog(dataDir: string, layout: DataLayout): Promise<RestingLog> {
  const kept = await readFile(join(dataDir, layout.sealKey));
  const sealKey = layout.sealKeyText === 'raw' ? kept : Buffer.from(kept.toString('utf8').trim(), 'base64');
  if (sealKey.length !== 32) throw new LabError('Invalid', `${layout.sealKey} holds no key of 32 bytes.`);
  return { directory: join(dataDir, layout.log), sealKey };
}

/** Copies the log of a data directory to a file: asks the API that runs from it, or reads the log itself when nothing runs. */
export async function copyLogOf(dataDir: string, layout: DataLayout, target: string): Promise<'running' | 'stopped'> {
  const answer = await askRunning(dataDir);
  if (!answer) {
    await copyStopped(dataDir, layout, target);
    return 'stopped';
  }
  if (answer.status !== 200) throw new LabError('ServiceUnavailable', `The API gave no backup: ${await textOf(answer)}`);
  const file = createWriteStream(target, { mode: 0o600, flags: 'wx' });
  await pipeline(Readable.from(answer.body), file);
  if (file.bytesWritten !== Number(answer.headers['content-length'])) {
    throw new LabError('ServiceUnavailable', 'The API ended before the backup was whole. Try again.');
  }
  return 'running';
}

/** The copy that the API makes of itself; undefined when none answers where the last one listened. */
async function askRunning(dataDir: string): Promise<ApiResponse | undefined> {
  const path = join(dataDir, 'admin.kubeconfig');
  const kubeconfig = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new LabError('Forbidden', `${path} cannot be read. Run this as the user who started CrownLabs.`, { cause: error });
  });
  if (kubeconfig === undefined) return undefined;
  try {
    return await kubeconfigTransport(kubeconfig)({ method: 'GET', path: '/backup', headers: { accept: '*/*' } });
  } catch {
    // Nobody listens there, or somebody else who does not have our certificate.
    return undefined;
  }
}

async function copyStopped(dataDir: string, layout: DataLayout, target: string): Promise<void> {
  try {
    await copyLog(await restingLog(dataDir, layout), target);
  } catch (error) {
    if (!hasCode(error, 'Conflict')) throw error;
    throw new LabError('ServiceUnavailable', `${messageOf(error)} Its API does not answer; try again when it serves.`, { cause: error });
  }
}

async function textOf(answer: ApiResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
