import {
  ANNOTATION,
  type ImageBuild,
  type ImageList,
  type Instance,
  type InstanceSnapshot,
  imageBuilds,
  imageLists,
  instanceSnapshots,
  instances,
  LABEL,
  type SharedVolume,
  sharedVolumes,
  type Template,
  type Tenant,
  templates,
  tenantNamespace,
  tenants,
  type Workspace,
  workspaces,
} from '@crownlabs/api';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  deployments,
  type Informer,
  type InformerOptions,
  informer,
  ingresses,
  jobs,
  type Kube,
  type KubeClient,
  type KubeObject,
  limitRanges,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  resourceQuotas,
  roleBindings,
  roles,
  secrets,
  services,
} from '@crownlabs/client';
import { ownedByKind, type Source } from '@crownlabs/controller';
import type { Clock, Logger } from '@crownlabs/std';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type {
  ConfigMap,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.js';
import { Converger } from './converge.ts';
import { labelValue } from './instance/labels.ts';
import { isOurs } from './manifests/labels.ts';
import { type OptionalKinds, openOptionalKinds, optionalChildren } from './optional-kinds.ts';

/** The live state of everything that the controllers decide from, and the one way they write. */
export interface Lab {
  readonly client: KubeClient;
  readonly converger: Converger;
  readonly tenants: Informer<Tenant>;
  readonly workspaces: Informer<Workspace>;
  readonly templates: Informer<Template>;
  readonly instances: Informer<Instance>;
  readonly builds: Informer<ImageBuild>;
  readonly sharedVolumes: Informer<SharedVolume>;
  readonly snapshots: Informer<InstanceSnapshot>;
  readonly imageLists: Informer<ImageList>;
  readonly namespaces: Informer<Kube<Namespace>>;
  readonly deployments: Informer<Kube<Deployment>>;
  readonly pods: Informer<Kube<Pod>>;
  readonly services: Informer<Kube<Service>>;
  readonly claims: Informer<Kube<PersistentVolumeClaim>>;
  readonly volumes: Informer<Kube<PersistentVolume>>;
  readonly jobs: Informer<Kube<Job>>;
  readonly secrets: Informer<Kube<Secret>>;
  readonly quotas: Informer<Kube<ResourceQuota>>;
  /** Kinds of others that may not be installed. */
  readonly optional: OptionalKinds;
  /** What instances have reserved of quotas. */
  readonly ledgers: Informer<Kube<ConfigMap>>;
  /** Everything else that we write, by plural, so that drift brings its owner back. */
  readonly children: ReadonlyMap<string, Informer<KubeObject>>;
}

/** Every object of ours carries this label, so watches of shared kinds see ours alone. */
const OURS = { labelSelector: LABEL.managedBy };

/** Opens the watches. */
export function openLab(client: KubeClient, { clock, log }: { clock: Clock; log: Logger }, signal: AbortSignal): Lab {
  const watch = <T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}) =>
    informer(client, resource, { clock, log: log.child({ kind: resource.kind }), ...options }, signal);
  const kind = <T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}) =>
    watch(resource, { ...options, only: hasSpec });
  const known = {
    namespaces: watch(namespaces, OURS),
    deployments: watch(deployments, { ...OURS, indexes: { owner: ownerIndex } }),
    pods: watch(pods, { labelSelector: LABEL.instance, indexes: { environment: podIndex } }),
    services: watch(services, OURS),
    claims: watch(persistentVolumeClaims, { ...OURS, indexes: { mirrorOf: mirrorIndex } }),
    volumes: watch(persistentVolumes),
    jobs: watch(jobs, OURS),
    // What others keep secret is none of ours.
    secrets: watch(secrets, { labelSelector: `${LABEL.managedBy}=instance` }),
    quotas: watch(resourceQuotas, OURS),
    ledgers: watch(configMaps, OURS),
  };
  const optional = openOptionalKinds(client, { ...OURS, indexes: { owner: ownerIndex }, clock, log }, signal);
  const kinds: Resource[] = [roles, roleBindings, networkPolicies, limitRanges, clusterRoles, clusterRoleBindings, configMaps, ingresses];
  const others = kinds.map((resource) => [resource.plural, watch(resource, OURS)] as const);
  const children = new Map<string, Informer<KubeObject>>([
    ...others,
    ['namespaces', known.namespaces],
    ['deployments', known.deployments],
    ['services', known.services],
    ['persistentvolumeclaims', known.claims],
    ['persistentvolumes', known.volumes],
    ['configmaps', known.ledgers],
    ['secrets', known.secrets],
    ['resourcequotas', known.quotas],
    ...optionalChildren(optional),
    ['jobs', known.jobs],
  ]);
  return {
    client,
    converger: new Converger(client, children),
    tenants: kind(tenants, { indexes: { workspace: membershipIndex, namespace: homeIndex } }),
    workspaces: kind(workspaces),
    templates: kind(templates),
    instances: kind(instances, {
      indexes: { template: templateIndex, namespace: (it) => [it.metadata.namespace ?? ''], label: labelIndex },
    }),
    builds: kind(imageBuilds),
    sharedVolumes: kind(sharedVolumes),
    snapshots: kind(instanceSnapshots),
    imageLists: kind(imageLists),
    ...known,
    optional,
    children,
  };
}

/** Whether what lives in a namespace is this installation's to care for, where it shares a cluster with others. */
export function isOurNamespace(lab: Lab, namespace: string, { operatorSelector }: { readonly operatorSelector: string }): boolean {
  if (operatorSelector === '') return true;
  const found = lab.namespaces.get(namespace);
  return found !== undefined && isOurs(found, operatorSelector);
}

/** Resolves when everything has been read once. */
export async function synced(lab: Lab, signal: AbortSignal): Promise<void> {
  const { tenants, workspaces, templates, instances, builds, pods, sharedVolumes: shared, snapshots } = lab;
  const all = [tenants, workspaces, templates, instances, builds, pods, shared, snapshots, lab.imageLists, ...lab.children.values()];
  await Promise.all(all.map((it) => it.synced(signal)));
}

/** Sources of the children that a cluster-scoped `kind` owns, by plural. */
export function owned(lab: Lab, kind: string, plurals: readonly string[]): Source[] {
  return plurals.flatMap((plural) => {
    const informer = lab.children.get(plural);
    return informer ? [ownedByKind(informer, { kind, namespaced: false })] : [];
  });
}

/** The schemas do not demand a spec; without one there is nothing that anybody could want of us. */
export function hasSpec(object: KubeObject): boolean {
  return 'spec' in object;
}

function membershipIndex({ spec }: Tenant): string[] {
  return (spec.workspaces ?? []).map(({ name }) => name);
}

function homeIndex({ metadata: { name } }: Tenant): string[] {
  return [tenantNamespace(name)];
}

function ownerIndex({ metadata }: KubeObject): string[] {
  return (metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

function mirrorIndex({ metadata: { annotations } }: KubeObject): string[] {
  const origin = annotations?.[ANNOTATION.mirrorOf];
  return origin === undefined ? [] : [origin];
}

function podIndex({ metadata: { namespace, labels } }: KubeObject): string[] {
  return [`${namespace}/${labels?.[LABEL.instance]}/${labels?.[LABEL.environment]}`];
}

function labelIndex({ metadata: { namespace, name } }: KubeObject): string[] {
  return [`${namespace}/${labelValue(name)}`];
}

function templateIndex({ spec, metadata }: Instance): string[] {
  const reference = spec['template.crownlabs.polito.it/TemplateRef'];
  return [`${reference.namespace ?? metadata.namespace}/${reference.name}`];
}
