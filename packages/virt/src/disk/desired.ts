import { ANNOTATION, amount, amountNumber, amountText, cutName, ENVIRONMENT_SECURITY } from '@crownlabs/api';
import { type Kube, ownedBy } from '@crownlabs/client';
import type { Container, PersistentVolumeClaim, Pod, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import { imageVolume } from '../guest/desired.ts';
import { DISK_FILE, PLACES } from '../guest/places.ts';
import type { Disk } from '../kinds/kinds.ts';

/** Label of the pods that fill disks, as CDI has it. */
export const IMPORTER_LABELS = { app: 'containerized-data-importer', 'cdi.kubevirt.io': 'importer' } as const;

const TARGET = `${PLACES.claims}/target`;
const SOURCE = `${PLACES.claims}/source`;
/** Where the importer says how far it is: hundredths of a percent, and while it fetches, bytes and of how many. */
export const PROGRESS_FILE = `${PLACES.run}/progress`;

/** The name of the pod that fills a disk. */
export function importerName({ metadata: { name, uid = '' } }: Disk): string {
  return cutName(`importer-${name}-${uid.replaceAll('-', '').slice(0, 5)}`);
}

type Claim = Pick<Kube<PersistentVolumeClaim>, 'spec'>;

/** Bytes that a volume was asked to have, where that was said. */
export function sizeOf({
  resources,
}: {
  resources?: { requests?: Record<string, string | number> | undefined } | undefined;
} = {}): string | undefined {
  const said = resources?.requests?.['storage'];
  return said === undefined ? undefined : amountText(amount(said));
}

function bytesOf({ spec }: Claim): string {
  return String(Math.floor(amountNumber(amount(sizeOf(spec) ?? '0'))));
}

/** The claim of a disk. A disk is a file here, so claims for block devices are for file systems. */
export function diskClaim(disk: Disk, size: string): Omit<Kube<PersistentVolumeClaim>, 'metadata'> & { metadata: Record<string, unknown> } {
  const { name, namespace, labels, annotations } = disk.metadata;
  const { accessModes = ['ReadWriteOnce'], storageClassName } = disk.spec.storage ?? disk.spec.pvc ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: { ...labels, app: 'containerized-data-importer' }, annotations, ownerReferences: [ownedBy(disk)] },
    spec: {
      accessModes,
      resources: { requests: { storage: size } },
      volumeMode: 'Filesystem',
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}

/** What an importer is made with. */
export interface ImporterContext {
  /** The image that carries the importer. */
  readonly image: string;
  /** Private networks that disk images may be fetched from. */
  readonly networks: readonly string[];
  /** The claim of the disk. */
  readonly claim: Claim;
  /** The volume to copy, as it is called in the disk's own namespace. */
  readonly origin: OriginVolume | undefined;
}

/** A volume that is copied. */
export interface OriginVolume {
  readonly claim: string;
  /** The disk in it. */
  readonly file: string;
  /** The image that its disk leans on. */
  readonly base: string | undefined;
}

/** The image that the disk of a claim leans on. */
export function baseOf({ metadata: { annotations } }: Pick<Kube<PersistentVolumeClaim>, 'metadata'>): string | undefined {
  return annotations?.[ANNOTATION.diskBase];
}

/** Where pods find the image that the disk of a claim leans on. */
export function basePlace(claim: string): string {
  return `${PLACES.bases}/${claim}`;
}

/** The volume that is the image below the disk of a claim. */
export const BASE_VOLUME = 'base';

/** The pod that fills a disk. */
export function importerPod(disk: Disk, context: ImporterContext): Omit<Kube<Pod>, 'metadata'> & { metadata: Record<string, unknown> } {
  const { name, namespace, labels } = disk.metadata;
  const source = sourceOf(disk, context);
  const container: Container = {
    name: 'importer',
    image: context.image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${PLACES.programs}/import-disk`],
    args: [`${TARGET}/${DISK_FILE}`, bytesOf(context.claim), ...source.words],
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: 'run', mountPath: PLACES.run }, { name: 'target', mountPath: TARGET }, ...source.mounts],
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: importerName(disk), namespace, labels: { ...labels, ...IMPORTER_LABELS }, ownerReferences: [ownedBy(disk)] },
    spec: {
      restartPolicy: 'OnFailure',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: ENVIRONMENT_SECURITY,
      containers: [container],
      volumes: [{ name: 'run', emptyDir: {} }, { name: 'target', persistentVolumeClaim: { claimName: name } }, ...source.volumes],
    },
  };
}

/** What the importer is told, and what it needs for that. */
interface Source {
  readonly words: readonly string[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

function sourceOf({ metadata: { name }, spec: { source = {} } }: Disk, { networks, origin }: ImporterContext): Source {
  const { registry, http } = source;
  if (registry) {
    const reference = (registry.url ?? '').replace(/^(docker|oci-archive):\/\//, '');
    return {
      words: ['image', `${basePlace(name)}/disk`],
      volumes: [imageVolume(BASE_VOLUME, reference, 'IfNotPresent')],
      mounts: [{ name: BASE_VOLUME, mountPath: basePlace(name), readOnly: true }],
    };
  }
  if (http) {
    const { url, sum } = withoutSum(http.url);
    return { words: ['http', url, http.checksum ?? sum ?? '-', ...networks], volumes: [], mounts: [] };
  }
  if (origin) return copyOf(origin, basePlace(name));
  return { words: ['blank'], volumes: [], mounts: [] };
}

function copyOf({ claim, file, base }: OriginVolume, place: string): Source {
  const below = base === undefined ? [] : [`${place}/disk`];
  return {
    words: ['copy', `${SOURCE}/${file}`, base === undefined ? 'raw' : 'qcow2', ...below],
    volumes: [
      { name: 'source', persistentVolumeClaim: { claimName: claim, readOnly: true } },
      ...(base === undefined ? [] : [imageVolume(BASE_VOLUME, base, 'Never')]),
    ],
    mounts: [
      { name: 'source', mountPath: SOURCE, readOnly: true },
      ...(base === undefined ? [] : [{ name: BASE_VOLUME, mountPath: place, readOnly: true }]),
    ],
  };
}

/** What stands behind an address is no part of what a server is asked for: `…/disk.qcow2#sha256:…` tells what has to come. */
function withoutSum(address: string): { url: string; sum: string | undefined } {
  const sum = /#(sha256:[0-9a-f]{64})$/.exec(address)?.[1];
  return { url: sum === undefined ? address : address.slice(0, -sum.length - 1), sum };
}
