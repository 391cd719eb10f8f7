import {
  amount,
  amountText,
  ENVIRONMENT_SECURITY,
  type Environment,
  GUI_PORT,
  type Instance,
  instancePath,
  least,
  percentOf,
} from '@crownlabs/api';
import type { Container, PodSpec, SecurityContext, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import { limitsOf } from '../quota/charge.ts';
import { DATA_PATH } from '../template/same-places.ts';
import type { Mount } from './mounts.ts';

/** What a pod depends on beside its instance and environment. */
export interface PodContext {
  readonly contentToolsImage: string;
  /** Claims that it sees: the personal volume and those of workspaces. */
  readonly mounts: readonly Mount[];
  readonly nodeSelector: Readonly<Record<string, string>> | undefined;
  /** The name of the environment's objects, its volume claim among them. */
  readonly name: string;
}

const SHARED_MEMORY = '/dev/shm';
const HARDENED: SecurityContext = {
  allowPrivilegeEscalation: false,
  privileged: false,
  capabilities: { drop: ['ALL'] },
};

/** The pod of a container environment. */
export function podSpec(instance: Instance, environment: Environment, context: PodContext): PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 10,
    securityContext: ENVIRONMENT_SECURITY,
    ...(context.nodeSelector ? { nodeSelector: { ...context.nodeSelector } } : {}),
    ...initContainers(instance, environment, context),
    containers: [mainContainer(instance, environment, context)],
    volumes: volumes(environment, context),
  };
}

function mainContainer(instance: Instance, environment: Environment, context: PodContext): Container {
  const options = environment.containerStartupOptions;
  const path = options?.contentPath ?? DATA_PATH;
  return {
    name: environment.name,
    image: environment.image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'gui', containerPort: GUI_PORT, protocol: 'TCP' }],
    env: containerEnv(instance, environment),
    resources: resources(environment),
    securityContext: HARDENED,
    readinessProbe: {
      httpGet: { path: environment.rewriteURL ? '/' : basePath(instance, environment), port: 'gui' },
      periodSeconds: 1,
      successThreshold: 1,
      failureThreshold: 30,
    },
    volumeMounts: mounts(environment, context, path),
    ...(options?.startupArgs?.length ? { args: options.startupArgs } : {}),
    ...(options?.enforceWorkdir === true ? { workingDir: path } : {}),
  };
}

function basePath(instance: Instance, environment: Environment): string {
  return instancePath(instance.metadata.uid ?? '', environment.name).replace(/\/$/, '');
}

function containerEnv(instance: Instance, environment: Environment) {
  const field = (resource: string) => ({ resourceFieldRef: { containerName: environment.name, resource, divisor: '0' } });
  return [
    { name: 'CROWNLABS_CPU_REQUESTS', valueFrom: field('requests.cpu') },
    { name: 'CROWNLABS_CPU_LIMITS', valueFrom: field('limits.cpu') },
    { name: 'CROWNLABS_BASE_PATH', value: basePath(instance, environment) },
    { name: 'CROWNLABS_LISTEN_PORT', value: String(GUI_PORT) },
  ];
}

function resources(environment: Environment) {
  const limits = limitsOf(environment);
  const other = Object.fromEntries(
    Object.entries(environment.resources.otherResources ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const memory = amountText(limits.memory);
  return {
    requests: { cpu: amountText(percentOf(limits.cpu, environment.resources.reservedCPUPercentage)), memory, ...other },
    limits: { cpu: amountText(limits.cpu), memory, ...other },
  };
}

function mounts(environment: Environment, { mounts: claims }: PodContext, path: string): VolumeMount[] {
  const taken = [path, ...claims.map((it) => it.path)];
  return [
    { name: 'persistent', mountPath: path },
    // Browsers and databases need more shared memory than the 64 MB that engines give.
    ...(environment.guiEnabled && !taken.includes(SHARED_MEMORY) ? [{ name: 'shm', mountPath: SHARED_MEMORY }] : []),
    ...claims.map(({ claim, path: mountPath, readOnly }) => ({ name: claim, mountPath, ...(readOnly ? { readOnly } : {}) })),
  ];
}

function volumes(environment: Environment, context: PodContext): Volume[] {
  return [
    { name: 'persistent', ...(environment.persistent ? { persistentVolumeClaim: { claimName: context.name } } : { emptyDir: {} }) },
    ...(environment.guiEnabled ? [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '512Mi' } }] : []),
    // One volume may appear at two places.
    ...[...new Set(context.mounts.map(({ claim }) => claim))].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
  ];
}

const LOADER = { requests: { cpu: amount('500m'), memory: amount('256Mi') }, limits: { cpu: amount('1'), memory: amount('1Gi') } };

/** What unpacking takes, and never more than the environment has: no quota is surprised. */
function loaderResources(environment: Environment) {
  const most = limitsOf(environment);
  const within = ({ cpu, memory }: typeof most) => ({
    cpu: amountText(least(cpu, most.cpu)),
    memory: amountText(least(memory, most.memory)),
  });
  return { requests: within(LOADER.requests), limits: within(LOADER.limits) };
}

/** Unpacks an archive before the first start, where one is asked for. */
function initContainers(instance: Instance, environment: Environment, { contentToolsImage }: PodContext) {
  const source = instance.spec.contentUrls?.[environment.name]?.origin ?? environment.containerStartupOptions?.sourceArchiveURL;
  if (source === undefined || source === '') return {};
  const loader: Container = {
    name: 'content-downloader',
    image: contentToolsImage,
    imagePullPolicy: 'IfNotPresent',
    args: ['download'],
    env: [
      { name: 'SOURCE_ARCHIVE', value: source },
      { name: 'DESTINATION_PATH', value: DATA_PATH },
    ],
    resources: loaderResources(environment),
    securityContext: HARDENED,
    volumeMounts: [{ name: 'persistent', mountPath: DATA_PATH }],
  };
  return { initContainers: [loader] };
}
