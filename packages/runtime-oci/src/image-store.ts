import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ImageConfig, ImageInfo, ImageStore, PullProgress } from '@crownlabs/runtime';
import { LabError, messageOf } from '@crownlabs/std';
import type Dockerode from 'dockerode';
import { type Engine, engineCall, engineError, engineTry } from './engine/engine.ts';
import { followProgress, importTree } from './image-import.ts';
import { PAUSE_IMAGE } from './pause-image.ts';

/** Names under which an image may be here: `crownlabs/desktop:1` is looked for as `localhost/crownlabs/desktop:1` first. */
export function localNames(reference: string): readonly string[] {
  if (reference.startsWith('sha256:') || hasRegistry(reference)) return [reference];
  return [`localhost/${reference}`, reference];
}

function hasRegistry(reference: string): boolean {
  const [first = '', ...rest] = reference.split('/');
  return rest.length > 0 && (first === 'localhost' || first.includes('.') || first.includes(':'));
}

/** The name to ask a registry for: without a registry, Docker Hub's, as every engine understands it. */
export function remoteName(reference: string): string {
  if (hasRegistry(reference)) return reference;
  return reference.includes('/') ? `docker.io/${reference}` : `docker.io/library/${reference}`;
}

/** On containers that exist to be read and never run: should one be left by a crash, it is known for what it is. */
const EXPORT_LABEL = 'crownlabs.polito.it/export';

/** An image with the name that the engine takes for it. */
export interface LocalImage extends ImageInfo {
  readonly name: string;
}

/** The engine's images. What was seen is remembered, so that a start asks nothing. */
export class EngineImages implements ImageStore {
  readonly #docker: Dockerode;
  readonly #known = new Map<string, LocalImage>();

  readonly #arrived: () => void;

  constructor(docker: Dockerode, arrived: () => void = () => undefined) {
    this.#docker = docker;
    this.#arrived = arrived;
  }

  async find(reference: string): Promise<LocalImage | undefined> {
    const known = this.#known.get(reference);
    if (known) return known;
    for (const name of localNames(reference)) {
      const seen = await engineTry(`Looking for the image ${name}`, this.#docker.getImage(name).inspect());
      if (!seen) continue;
      const found = {
        id: seen.Id,
        name,
        references: seen.RepoTags ?? [],
        sizeBytes: seen.Size,
        user: seen.Config.User ?? '',
        labels: seen.Config.Labels ?? {},
      };
      this.#known.set(reference, found);
      return found;
    }
    return undefined;
  }

  /** Forgets what was seen, after the engine said that it is not so any more. */
  forget(): void {
    this.#known.clear();
  }

  async list(): Promise<readonly ImageInfo[]> {
    const rows = await engineCall('Listing images', this.#docker.listImages());
    return rows
      .filter((row) => !row.RepoTags?.includes(PAUSE_IMAGE))
      .map((row) => ({ id: row.Id, references: row.RepoTags ?? [], sizeBytes: row.Size, user: '', labels: row.Labels ?? {} }));
  }

  async pull(reference: string, signal: AbortSignal, onProgress?: (progress: PullProgress) => void): Promise<ImageInfo> {
    const name = remoteName(reference);
    try {
      const stream = await this.#docker.pull(name, { abortSignal: signal });
      await followProgress(this.#docker, stream, ({ status, progress }) => {
        if (status) onProgress?.({ text: progress ? `${status} ${progress}` : status });
      });
    } catch (error) {
      throw pullError(error, name);
    }
    this.forget();
    const found = (await this.find(reference)) ?? (await this.find(name));
    if (!found) throw new LabError('NotFound', `The registry sent no image ${name}.`);
    this.#arrived();
    return found;
  }

  async import(tar: Readable, as: { reference: string; config: ImageConfig }): Promise<ImageInfo> {
    const before = await this.find(as.reference);
    const id = await importTree(this.#docker, tar, as);
    this.forget();
    if (before && before.id !== id) await this.#removeUnnamed(before.id);
    const found = await this.find(as.reference);
    if (!found) throw new LabError('InternalError', `The engine took the image ${as.reference} and does not have it.`);
    this.#arrived();
    return found;
  }

  async export(reference: string, signal: AbortSignal): Promise<Readable> {
    const found = await this.find(reference);
    if (!found) throw new LabError('NotFound', `The image ${reference} is not on this machine.`);
    // Images themselves can only be saved as layers; a container that never starts has them put together.
    const idle = await engineCall(
      `Opening ${reference}`,
      this.#docker.createContainer({ Image: found.name, Cmd: ['none'], Labels: { [EXPORT_LABEL]: '' } }),
    );
    const remove = () => void idle.remove({ force: true }).catch(() => undefined);
    const tar = await engineCall(`Reading ${reference}`, idle.export()).catch((error: unknown) => {
      remove();
      throw error;
    });
    const stream = new PassThrough();
    pipeline(tar, stream, { signal }).then(remove, remove);
    return stream;
  }

  async remove(reference: string): Promise<void> {
    this.forget();
    for (const name of localNames(reference)) await engineTry(`Removing the image ${name}`, this.#docker.getImage(name).remove());
  }

  /** An image that lost its last name only takes space; one that a container still uses stays until then. */
  async #removeUnnamed(id: string): Promise<void> {
    const seen = await engineTry('Looking at an old image', this.#docker.getImage(id).inspect());
    if (!seen || (seen.RepoTags?.length ?? 0) > 0) return;
    await this.#docker
      .getImage(id)
      .remove()
      .catch(() => undefined);
  }
}

/** Why a pull failed, in words for people. */
function pullError(error: unknown, name: string): LabError {
  const text = messageOf(error);
  if (/no space left/i.test(text)) return engineError(error, `Pulling ${name}`);
  const registry = name.split('/')[0] ?? name;
  if (/manifest unknown|not found|does not exist|name unknown|requested access|unauthorized|authentication required/i.test(text)) {
    return new LabError('NotFound', `The registry ${registry} has no image ${name}, or does not show it to us.`, { cause: error });
  }
  return new LabError('ServiceUnavailable', `The image ${name} is not on this machine and the registry ${registry} does not answer.`, {
    cause: error,
  });
}

/** The images of an engine, for whoever makes or lists them without running anything. */
export function openImageStore({ docker }: Engine): ImageStore {
  return new EngineImages(docker);
}
