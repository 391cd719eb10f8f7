import {
  ANNOTATION,
  amount,
  compare,
  cutName,
  ENVIRONMENT_UID,
  LABEL,
  MYDRIVE_PATH,
  type SharedVolume,
  sharedVolumeClaimName,
} from '@crownlabs/api';
import { jobs, type Kube, ownedBy, persistentVolumeClaims } from '@crownlabs/client';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from '../converge.ts';
import { managedBy } from '../manifests/labels.ts';
import type { SharedVolumesConfig } from './config.ts';

type Claim = Kube<PersistentVolumeClaim>;

/** Which claim a provisioning Job has worked on: one that was deleted and made again is empty again. */
const CLAIM_UID = 'lab.crownlabs.polito.it/claim-uid';

const A_WEEK_S = 7 * 24 * 3600;

/** The bytes of a shared volume. It grows with the spec and never shrinks; whether it was handed over is on its label. */
export function sharedVolumeClaim(
  volume: SharedVolume,
  { storageClassName }: SharedVolumesConfig,
  { current, provisioned }: { readonly current: Claim | undefined; readonly provisioned: boolean },
): Piece {
  const { name, namespace = '' } = volume.metadata;
  const wanted = String(volume.spec.size);
  const has = requestedSize(current);
  const storage = has !== undefined && compare(amount(has), amount(wanted)) >= 0 ? has : wanted;
  const chosen = current?.spec?.storageClassName ?? storageClassName;
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: sharedVolumeClaimName(name),
      namespace,
      labels: managedBy('sharedvolume', {
        [LABEL.volumeType]: 'sharedvolume',
        [LABEL.volumeProvisioning]: provisioned ? 'completed' : 'pending',
      }),
      annotations: { [ANNOTATION.requiredTargetLabels]: `${LABEL.type}=tenant` },
      ownerReferences: [ownedBy(volume)],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage } },
      ...(chosen === undefined ? {} : { storageClassName: chosen }),
    },
  });
}

/** What a claim asks for; nothing while there is none. */
export function requestedSize(claim: Claim | undefined): string | undefined {
  return claim?.spec?.resources?.requests?.['storage'];
}

/** Whether the spec asks for less than there is. */
export function shrinks({ spec }: SharedVolume, claim: Claim | undefined): boolean {
  const has = requestedSize(claim);
  return has !== undefined && compare(amount(spec.size), amount(has)) < 0;
}

/** The name of the Job that hands a shared volume over. */
export function provisioningJobName(volume: SharedVolume): string {
  return cutName(`${sharedVolumeClaimName(volume.metadata.name)}-provision`);
}

/** Hands a new volume to the user that environments run as. It runs before anybody mounts the volume, so there is nothing in it to be led astray by. */
export function provisioningJob(volume: SharedVolume, claim: Claim, { provisionerImage }: SharedVolumesConfig): Piece {
  const labels = managedBy('sharedvolume', { [LABEL.volumeType]: 'sharedvolume' });
  return piece(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: provisioningJobName(volume),
      namespace: volume.metadata.namespace ?? '',
      labels,
      annotations: { [CLAIM_UID]: claim.metadata.uid ?? '' },
      ownerReferences: [ownedBy(volume)],
    },
    spec: {
      backoffLimit: 3,
      ttlSecondsAfterFinished: A_WEEK_S,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim.metadata.name } }],
          containers: [
            {
              name: 'chown',
              image: provisionerImage,
              imagePullPolicy: 'IfNotPresent',
              command: ['chown', '-R', `${ENVIRONMENT_UID}:${ENVIRONMENT_UID}`, MYDRIVE_PATH],
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '100m', memory: '128Mi' } },
              securityContext: { runAsUser: 0, allowPrivilegeEscalation: false, privileged: false },
              volumeMounts: [{ name: 'volume', mountPath: MYDRIVE_PATH }],
            },
          ],
        },
      },
    },
  });
}

/** Whether a Job worked on this very claim. */
export function provisions(job: Kube<Job>, claim: Claim): boolean {
  return job.metadata.annotations?.[CLAIM_UID] === claim.metadata.uid;
}

/** How a Job ended; nothing while it goes on. */
export function outcomeOf(job: Kube<Job> | undefined): 'complete' | 'failed' | undefined {
  const holds = (type: string) => job?.status?.conditions?.some((it) => it.type === type && it.status === 'True') === true;
  if (holds('Complete')) return 'complete';
  return holds('Failed') ? 'failed' : undefined;
}
