import {
  canonicalName,
  cutName,
  ENVIRONMENT_SECURITY,
  type Environment,
  environmentObjectName,
  type Instance,
  LABEL,
} from '@crownlabs/api';
import { jobs, type Kube, ownedBy } from '@crownlabs/client';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from '../../converge.ts';

/** The `component` of a Job that hands work in. */
export const SUBMITTER = 'submitter';

const SOURCE_PATH = '/media/data';

/** The name of the Job that hands in the work of one environment. */
export function submitterName(instance: Instance, environment: Environment): string {
  return cutName(`${canonicalName(instance.metadata.name)}-${environment.name}-submitter`);
}

/** The Job that hands in the work of one environment. It is made once: what is there stays as it is. */
export function submitterJob(
  instance: Instance,
  environment: Environment,
  { destination, image }: { destination: string; image: string },
): Piece {
  // Without the labels of an environment: this pod is none, and no door may take it for one.
  const labels = { [LABEL.managedBy]: 'instance', [LABEL.component]: SUBMITTER };
  return piece(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: submitterName(instance, environment),
      namespace: instance.metadata.namespace ?? '',
      labels,
      ownerReferences: [ownedBy(instance)],
    },
    spec: {
      backoffLimit: 10,
      ttlSecondsAfterFinished: 300,
      template: { metadata: { labels }, spec: submitterPod(instance, environment, { destination, image }) },
    },
  });
}

function submitterPod(
  instance: Instance,
  environment: Environment,
  { destination, image }: { destination: string; image: string },
): PodSpec {
  const name = environmentObjectName(instance.metadata.name, environment.name);
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: ENVIRONMENT_SECURITY,
    containers: [
      {
        name: 'content-uploader',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['upload'],
        env: [
          { name: 'SOURCE_PATH', value: SOURCE_PATH },
          { name: 'DESTINATION_URL', value: destination },
          { name: 'FILENAME', value: name },
        ],
        resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } },
        securityContext: { allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'content', mountPath: SOURCE_PATH, readOnly: true },
          { name: 'work', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'content', persistentVolumeClaim: { claimName: name } },
      { name: 'work', emptyDir: {} },
    ],
  };
}

/** How far a Job is. */
export function jobOutcome(job: Kube<Job> | undefined): 'missing' | 'running' | 'done' | 'failed' {
  if (!job || job.metadata.deletionTimestamp !== undefined) return 'missing';
  const holds = (type: string) => job.status?.conditions?.some((it) => it.type === type && it.status === 'True') === true;
  if (holds('Complete')) return 'done';
  return holds('Failed') ? 'failed' : 'running';
}
