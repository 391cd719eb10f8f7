import { ENVIRONMENT_UID, MYDRIVE_PATH } from '@crownlabs/api';
import { jobs, type Kube, type OwnerReference } from '@crownlabs/client';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from './converge.ts';

type Claim = Kube<PersistentVolumeClaim>;

/** Which claim a Job has worked on: one that was deleted and made again is empty again. */
const CLAIM_UID = 'lab.crownlabs.polito.it/claim-uid';

const A_WEEK_S = 7 * 24 * 3600;

/** A Job that hands a volume over. */
export interface Handover {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: OwnerReference;
  /** With a `chown` in it. */
  readonly image: string;
}

/** Hands a new volume to the user that environments run as. It runs before anybody mounts the volume, so there is nothing in it to be led astray by. */
export function handoverJob(claim: Claim, { name, labels, owner, image }: Handover): Piece {
  return piece(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: claim.metadata.namespace ?? '',
      labels: { ...labels },
      annotations: { [CLAIM_UID]: claim.metadata.uid ?? '' },
      ownerReferences: [owner],
    },
    spec: {
      backoffLimit: 3,
      ttlSecondsAfterFinished: A_WEEK_S,
      template: {
        metadata: { labels: { ...labels } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim.metadata.name } }],
          containers: [
            {
              name: 'chown',
              image,
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
