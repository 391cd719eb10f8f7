import { spawn } from 'node:child_process';
import { chown, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Runtime } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import { segment } from './directories.ts';

/** Who unpacks images, and whose their files then are: nobody who could make a device node, or overwrite anything. */
const UNPACKER = { uid: 1010, gid: 1010 };

const DIGEST = 'sha256:';

/** The identity of the image whose tree is at a path. */
export function imageOfTree(path: string): string {
  return `${DIGEST}${basename(path)}`;
}

/**
 * The file trees of images, for volumes of the type `image`: https://kubernetes.io/docs/concepts/storage/volumes/#image
 * Each is unpacked once and shared read-only by all pods that mount it, whatever engine there is.
 */
export class ImageVolumes {
  readonly #directory: string;
  readonly #images: Runtime['images'];
  readonly #unpacking = new Map<string, Promise<string>>();

  constructor(directory: string, images: Runtime['images']) {
    this.#directory = directory;
    this.#images = images;
  }

  /** Where the files of the image are. Fetches it if the policy asks for that. */
  async path(reference: string, pullPolicy: string | undefined, signal: AbortSignal): Promise<string> {
    const known = this.#tree(reference);
    // Whoever names an image by its own digest means this tree, also when the engine has the image no more.
    if (reference.startsWith(DIGEST) && (await exists(known))) return known;
    const { id } = await this.#image(reference, pullPolicy, signal);
    const path = this.#tree(id);
    if (await exists(path)) return path;
    const running = this.#unpacking.get(path) ?? this.#unpack(id, path, signal).finally(() => this.#unpacking.delete(path));
    this.#unpacking.set(path, running);
    return running;
  }

  #tree(id: string): string {
    return join(this.#directory, segment(id.replace(DIGEST, '')));
  }

  /** Removes the trees of images that are gone, unless they are to be kept. To be called when no pod has any mounted. */
  async sweep(keep: readonly string[] = []): Promise<void> {
    const images = (await this.#images.list()).map(({ id }) => id);
    const here = new Set([...images, ...keep].map((id) => basename(this.#tree(id))));
    for (const name of await readdir(this.#directory).catch(() => [])) {
      // What is being unpacked is not what a crash left half.
      const busy = this.#unpacking.has(join(this.#directory, name.replace(/\.part$/, '')));
      if (!here.has(name) && !busy) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  async #image(reference: string, pullPolicy: string | undefined, signal: AbortSignal) {
    const found = pullPolicy === 'Always' ? undefined : await this.#images.find(reference);
    if (found) return found;
    if (pullPolicy === 'Never') throw new LabError('NotFound', `The image ${reference} is not on this machine and its policy is Never.`);
    return this.#images.pull(reference, signal);
  }

  async #unpack(id: string, path: string, signal: AbortSignal): Promise<string> {
    const part = `${path}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(dirname(part), { recursive: true, mode: 0o711 });
    await mkdir(part, { mode: 0o755 });
    if (process.getuid?.() === 0) await chown(part, UNPACKER.uid, UNPACKER.gid);
    await untar(await this.#images.export(id, signal), part, signal);
    await rename(part, path);
    return path;
  }
}

async function untar(tar: Readable, into: string, signal: AbortSignal): Promise<void> {
  const root = process.getuid?.() === 0;
  const child = spawn('tar', ['-x', '-S', '--no-same-owner', '--no-same-permissions', '-C', into], {
    stdio: ['pipe', 'ignore', 'pipe'],
    signal,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    ...(root ? UNPACKER : {}),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => void (complaint = `${complaint}${chunk.toString()}`.slice(-2000)));
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [fed, code] = await Promise.allSettled([pipeline(tar, child.stdin), ended]);
  if (code.status === 'fulfilled' && code.value === 0 && fed.status === 'fulfilled') return;
  const full = complaint.includes('No space left');
  const why = full ? 'the disk is full' : (complaint.trim().split('\n')[0] ?? 'the engine broke off');
  throw new LabError('InternalError', `The files of the image could not be unpacked: ${why}`);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
