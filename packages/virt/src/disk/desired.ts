import { amount, amountNumber, amountText, cutName, ENVIRONMENT_SECURITY } from '@crownlabs/api';
import { type Kube, ownedBy } from '@crownlabs/client';
import type { Container, PersistentVolumeClaim, Pod, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import { imageVolume } from '../guest/desired.ts';
import { DISK_FILE, PLACES } from '../guest/places.ts';
import type { Disk } from '../kinds/kinds.ts';

/** Label of the pods that fill disks, as CDI has it. */
export const IMPORTER_LABELS = { app: 'containerized-data-importer', 'cdi.kubevirt.io': 'importer' } as const;

const TARGET = `${PLACES.claims}/target`;
const SOURCE = `${PLACES.claims}/source`;
/** Where the importer says how far it is, in percent. */
export const PROGRESS_FILE = `${PLACES.run}/progress`;
const DEFAULT_SIZE = '10Gi';

/** The name of the pod that fills a disk. */
export function importerName({ metadata: { name, uid = '' } }: Disk): string {
  return cutName(`importer-${name}-${uid.replaceAll('-', '').slice(0, 5)}`);
}

/** Bytes that a disk may have. */
export function sizeOf({ spec }: Disk): string {
  const { resources } = spec.storage ?? spec.pvc ?? {};
  return amountText(amount(resources?.requests?.['storage'] ?? DEFAULT_SIZE));
}

/** The claim of a disk. A disk is a file here, so claims for block devices are for file systems. */
export function diskClaim(disk: Disk): Omit<Kube<PersistentVolumeClaim>, 'metadata'> & { metadata: Record<string, unknown> } {
  const { name, namespace, labels, annotations } = disk.metadata;
  const { accessModes = ['ReadWriteOnce'], storageClassName } = disk.spec.storage ?? disk.spec.pvc ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: { ...labels, app: 'containerized-data-importer' }, annotations, ownerReferences: [ownedBy(disk)] },
    spec: {
      accessModes,
      resources: { requests: { storage: sizeOf(disk) } },
      volumeMode: 'Filesystem',
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}

/** The pod that fills a disk. */
export function importerPod(disk: Disk, image: string): Omit<Kube<Pod>, 'metadata'> & { metadata: Record<string, unknown> } {
  const { name, namespace, labels } = disk.metadata;
  const source = sourceOf(disk);
  const container: Container = {
    name: 'importer',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${PLACES.programs}/import-disk`],
    args: [`${TARGET}/${DISK_FILE}`, String(Math.floor(amountNumber(amount(sizeOf(disk))))), ...source.words],
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

function sourceOf({ spec: { source } }: Disk): Source {
  const { registry, http, pvc } = source;
  if (registry) {
    const reference = (registry.url ?? '').replace(/^(docker|oci-archive):\/\//, '');
    return {
      words: ['image', `${SOURCE}/disk`],
      volumes: [imageVolume('source', reference, 'IfNotPresent')],
      mounts: [{ name: 'source', mountPath: SOURCE, readOnly: true }],
    };
  }
  if (http) return { words: ['http', http.url, ...(http.checksum === undefined ? [] : [http.checksum])], volumes: [], mounts: [] };
  if (pvc) {
    return {
      words: ['image', SOURCE],
      volumes: [{ name: 'source', persistentVolumeClaim: { claimName: pvc.name, readOnly: true } }],
      mounts: [{ name: 'source', mountPath: SOURCE, readOnly: true }],
    };
  }
  return { words: ['blank'], volumes: [], mounts: [] };
}

/** Why a disk can never be made, in words; nothing when it can. */
export function refusalOf({ metadata: { namespace }, spec: { source } }: Disk): string | undefined {
  const kinds = Object.keys(source).length;
  if (kinds !== 1) return `spec.source must name exactly one source, and names ${kinds}.`;
  if (source.pvc && source.pvc.namespace !== namespace)
    return `spec.source.pvc is in namespace ${source.pvc.namespace}: a disk is copied within its namespace only.`;
  return undefined;
}
