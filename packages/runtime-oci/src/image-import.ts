import type { Readable } from 'node:stream';
import type { ImageConfig } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import type Dockerode from 'dockerode';
import { engineCall } from './engine/engine.ts';

interface ProgressLine {
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly progress?: string;
}

/** Reads an engine's progress stream to its end; throws what it reports. */
export function followProgress(
  docker: Dockerode,
  stream: NodeJS.ReadableStream,
  onLine: (line: ProgressLine) => void = () => undefined,
): Promise<readonly ProgressLine[]> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null, lines: ProgressLine[] | null) => {
        const failed = lines?.find((line) => line.error !== undefined);
        if (error) reject(error);
        else if (failed) reject(new Error(failed.error));
        else resolve(lines ?? []);
      },
      onLine,
    );
  });
}

/** The configuration as lines of a Dockerfile, the form that the import call takes. */
export function changes(config: ImageConfig): readonly string[] {
  const pairs = (word: string, values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).map(([name, value]) => `${word} ${name}=${JSON.stringify(value)}`);
  return [
    ...(config.entrypoint ? [`ENTRYPOINT ${JSON.stringify(config.entrypoint)}`] : []),
    ...(config.command ? [`CMD ${JSON.stringify(config.command)}`] : []),
    ...(config.user ? [`USER ${config.user}`] : []),
    ...(config.workingDir ? [`WORKDIR ${config.workingDir}`] : []),
    ...pairs('ENV', config.env),
    ...pairs('LABEL', config.labels),
    ...(config.ports ?? []).map((port) => `EXPOSE ${port}`),
  ];
}

/** Imports a file tree as an image of one layer and names it; returns its id. An image that had the name before loses it. */
export async function importTree(docker: Dockerode, tar: Readable, as: { reference: string; config: ImageConfig }): Promise<string> {
  const { repo, tag } = splitReference(as.reference);
  const stream = await engineCall(`Importing ${as.reference}`, docker.importImage(tar, { changes: changes(as.config) }));
  const lines = await engineCall(`Importing ${as.reference}`, followProgress(docker, stream));
  const id = lines.map((line) => line.id ?? line.status ?? '').findLast((text) => text.startsWith('sha256:'));
  if (!id) throw new LabError('InternalError', `The engine imported ${as.reference} but did not say what it made of it.`);
  await engineCall(`Naming ${as.reference}`, docker.getImage(id).tag({ repo, tag }));
  return id;
}

/** `localhost:5000/a/b:1` → `localhost:5000/a/b` and `1`. */
export function splitReference(reference: string): { repo: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  if (colon > reference.lastIndexOf('/')) return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
  return { repo: reference, tag: 'latest' };
}
