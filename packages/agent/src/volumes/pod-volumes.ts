import { join } from 'node:path';
import { type KubeClient, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import type { Mount } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import type { Volume, VolumeMount, VolumeMountStatus } from 'kubernetes-types/core/v1.js';
import { amountOf } from '../amounts.ts';
import { expand } from '../environment.ts';
import { type ImageTrouble, pullTrouble } from '../image-trouble.ts';
import { idOf, type Pod, specOf } from '../pod.ts';
import { type ContentContext, hasToken, isContent, volumeFiles } from './content.ts';
import { ensureWritable, type Owner, removeTree, segment, writeContent } from './directories.ts';
import { type ImageVolumes, imageOfTree } from './image-volumes.ts';

/** The driver that names volumes which are directories of a node. */
export const LOCAL_DRIVER = 'local.crownlabs.polito.it';

/** Directories of the node. */
export interface Places {
  /** Kept: volumes and empty directories. */
  readonly data: string;
  /** Lost with the machine's memory, where the caller gives such a place: secrets. */
  readonly memory: string;
}

/** A volume that is ready: something of the host to mount, or memory. */
type Prepared =
  | { readonly kind: 'directory'; readonly path: string; readonly content: boolean; readonly readOnly: boolean; readonly image?: string }
  | { readonly kind: 'memory'; readonly sizeBytes: number | undefined };

/** A volume that may be the files of an image, which the types that we use do not know yet. */
type ImageVolume = Volume & { readonly image?: { readonly reference?: string; readonly pullPolicy?: string } };

/** Whether a pod has the files of an image mounted. */
export function mountsImages(pod: Pod): boolean {
  return (specOf(pod).volumes ?? []).some((volume: ImageVolume) => volume.image !== undefined);
}

/** The volumes of one pod. */
export class PodVolumes {
  readonly #client: KubeClient;
  readonly #places: Places;
  readonly #images: Pick<ImageVolumes, 'path'>;
  #imageTrouble: ImageTrouble | undefined;
  readonly #prepared = new Map<string, Prepared>();

  constructor(client: KubeClient, places: Places, images: Pick<ImageVolumes, 'path'>) {
    this.#client = client;
    this.#places = places;
    this.#images = images;
  }

  /** Makes every volume of the pod ready. Throws what `FailedMount` says. */
  async prepare(pod: Pod, context: ContentContext, signal: AbortSignal): Promise<void> {
    const volumes = specOf(pod).volumes ?? [];
    this.#imageTrouble = undefined;
    await Promise.all(
      volumes.map(async (volume) => {
        const path = await this.#imagePath(volume, signal);
        const prepared = path === undefined ? await this.#prepare(pod, volume, context) : imageDirectory(path);
        this.#prepared.set(volume.name, prepared);
      }),
    );
  }

  /** Writes volumes that carry a token anew. */
  async renewTokens(pod: Pod, context: ContentContext): Promise<void> {
    for (const volume of (specOf(pod).volumes ?? []).filter(hasToken)) await this.#prepare(pod, volume, context);
  }

  /** What a container mounts. */
  mounts(mounts: readonly VolumeMount[], env: ReadonlyMap<string, string>): readonly Mount[] {
    return mounts.map((mount) => this.#mount(mount, env));
  }

  /** Why an image could not be had that the pod mounts. */
  get imageTrouble(): ImageTrouble | undefined {
    return this.#imageTrouble;
  }

  /** Which images a container has mounted, by their digests: names move on. https://kep.k8s.io/5365 */
  imageMounts(mounts: readonly VolumeMount[]): VolumeMountStatus[] {
    return mounts.flatMap(({ name, mountPath }) => {
      const prepared = this.#prepared.get(name);
      const image = prepared?.kind === 'directory' ? prepared.image : undefined;
      if (image === undefined) return [];
      const volumeStatus = { image: { imageRef: image } };
      // The types that we use do not know it yet.
      return [Object.assign<VolumeMountStatus, object>({ name, mountPath, readOnly: true }, { volumeStatus })];
    });
  }

  /** Bytes of memory at /dev/shm, where a volume of memory is mounted there: engines have a setting of their own for it. */
  sharedMemory(mounts: readonly VolumeMount[]): number | undefined {
    const volume = mounts.find(({ mountPath }) => mountPath.replace(/\/$/, '') === '/dev/shm');
    const prepared = volume && this.#prepared.get(volume.name);
    return prepared?.kind === 'memory' ? prepared.sizeBytes : undefined;
  }

  /** Takes away what belongs to the pod alone. */
  async remove(pod: Pod): Promise<void> {
    for (const root of new Set([this.#places.data, this.#places.memory])) {
      await removeTree(join(root, 'pods', segment(idOf(pod).uid)), join(root, 'trash'));
    }
  }

  async #imagePath(volume: ImageVolume, signal: AbortSignal): Promise<string | undefined> {
    const { reference, pullPolicy } = volume.image ?? {};
    if (reference === undefined) return undefined;
    return this.#images.path(reference, pullPolicy, signal).catch((error: unknown) => {
      this.#imageTrouble = pullTrouble(error);
      throw error;
    });
  }

  async #prepare(pod: Pod, volume: Volume, context: ContentContext): Promise<Prepared> {
    const { name, emptyDir, persistentVolumeClaim, hostPath } = volume;
    const inside = (root: string) => join(root, 'pods', segment(idOf(pod).uid), segment(name));
    if (emptyDir?.medium === 'Memory') return { kind: 'memory', sizeBytes: amountOf({ size: emptyDir.sizeLimit }, 'size') };
    if (emptyDir) return directory(inside(this.#places.data), owner(pod));
    if (persistentVolumeClaim) {
      const { path, readOnly } = await this.#claimed(pod, persistentVolumeClaim.claimName);
      return directory(path, owner(pod), readOnly || persistentVolumeClaim.readOnly);
    }
    // Refused before, unless the namespace is trusted.
    if (hostPath) return { kind: 'directory', path: hostPath.path, content: false, readOnly: false };
    if (!isContent(volume)) throw new LabError('Invalid', `Volume ${name} is of a type that this node does not know.`);
    const path = inside(this.#places.memory);
    await writeContent(path, await volumeFiles(volume, context), specOf(pod).securityContext?.fsGroup);
    return { kind: 'directory', path, content: true, readOnly: true };
  }

  async #claimed(pod: Pod, claimName: string): Promise<{ path: string; readOnly: boolean }> {
    const { namespace } = idOf(pod);
    const volumeName = await this.#boundTo(claimName, namespace);
    const volume = await this.#client.get(persistentVolumes, volumeName);
    const { csi, claimRef } = volume.spec ?? {};
    // A volume is for the claim that it names, whatever a claim says of itself.
    if (claimRef?.namespace !== namespace || claimRef.name !== claimName) {
      throw new LabError('Forbidden', `persistentvolume "${volumeName}" is not for persistentvolumeclaim "${claimName}"`);
    }
    if (csi?.driver !== LOCAL_DRIVER) throw new LabError('Invalid', `persistentvolume "${volumeName}" is not a directory of this node`);
    // What the volume says of writing stands above what the pod asks for.
    return { path: volumeDirectory(this.#places, csi.volumeHandle), readOnly: csi.readOnly ?? false };
  }

  async #boundTo(claimName: string, namespace: string): Promise<string> {
    const claim = await this.#client.find(persistentVolumeClaims, claimName, namespace);
    if (!claim) throw new LabError('NotFound', `persistentvolumeclaim "${claimName}" not found`);
    const volumeName = claim.spec?.volumeName;
    if (volumeName && claim.status?.phase === 'Bound') return volumeName;
    throw new LabError('Conflict', `persistentvolumeclaim "${claimName}" is not bound yet`);
  }

  #mount(mount: VolumeMount, env: ReadonlyMap<string, string>): Mount {
    const prepared = this.#prepared.get(mount.name);
    if (!prepared) throw new LabError('Invalid', `There is no volume ${mount.name} in this pod.`);
    if (prepared.kind === 'memory') {
      return { kind: 'memory', target: mount.mountPath, ...(prepared.sizeBytes === undefined ? {} : { sizeBytes: prepared.sizeBytes }) };
    }
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, env);
    const source = subPath ? inVolume(prepared, mount.name, subPath) : prepared.path;
    return { kind: 'bind', source, target: mount.mountPath, readOnly: prepared.readOnly || (mount.readOnly ?? false) };
  }
}

/** Where the directory of a persistent volume is. */
export function volumeDirectory({ data }: Places, handle: string): string {
  return join(data, 'volumes', segment(handle));
}

function inVolume(prepared: { path: string; content: boolean }, name: string, subPath: string): string {
  // A link that a pod put into its volume would lead the mount anywhere on the host. What we wrote ourselves holds no such links.
  if (!prepared.content)
    throw new LabError('Forbidden', `subPath of volume ${name}: this node mounts parts of volumes only where pods cannot write`);
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw new LabError('Invalid', `subPath ${subPath} leads out of volume ${name}`);
  return join(prepared.path, '..data', subPath);
}

async function directory(path: string, owned: Owner, readOnly = false): Promise<Prepared> {
  await ensureWritable(path, owned);
  return { kind: 'directory', path, content: false, readOnly };
}

/** Shared by whoever mounts the image. */
function imageDirectory(path: string): Prepared {
  return { kind: 'directory', path, content: false, readOnly: true, image: imageOfTree(path) };
}

function owner(pod: Pod): Owner {
  const { runAsUser = 0, fsGroup } = specOf(pod).securityContext ?? {};
  return { uid: fsGroup === undefined ? 0 : runAsUser, fsGroup };
}
