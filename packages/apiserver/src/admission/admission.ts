import type { Rbac } from '../authz/index.ts';
import type { Admission, AdmissionPlugin } from '../call.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { Registry } from '../registry.ts';
import { conditions } from './cel-condition.ts';
import { admissionOf } from './chain.ts';
import { expressionCheck } from './expression-check.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { defaultTolerations } from './pod-defaults.ts';
import { podPriority } from './pod-priority.ts';
import { podRuntimeClass } from './pod-runtime-class.ts';
import { type PodSecurityOptions, podSecurity } from './pod-security.ts';
import { podServiceAccount } from './pod-service-account.ts';
import { podTopologyLabels } from './pod-topology.ts';
import { resourceQuota } from './resource-quota.ts';
import { type ServiceRanges, serviceAllocator } from './service-allocator.ts';
import { serviceResolver } from './service-resolver.ts';
import { claimResize, defaultIngressClass, defaultStorageClass, storageProtection } from './storage-defaults.ts';
import { validatingPolicies } from './validating-policies.ts';
import type { WebhookHandler, WebhookPost } from './webhook-call.ts';
import { httpsPost } from './webhook-https.ts';
import { mutatingWebhooks, validatingWebhooks } from './webhooks.ts';

/** The plugins that can be left out, under the names that kube-apiserver gives them. */
export const ADMISSION_PLUGINS = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'ValidatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
] as const;

/** How admission is set up. */
export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly registry: Registry;
  /** Before all others: the check against privilege escalation. */
  readonly first?: readonly AdmissionPlugin[];
  readonly services: ServiceRanges;
  readonly podSecurity?: PodSecurityOptions;
  /** Plugins to leave out, by their names in {@link ADMISSION_PLUGINS}. */
  readonly without?: readonly string[];
  /** Webhooks of our own, by `namespace/name` of the Service that their configurations name. */
  readonly handlers?: ReadonlyMap<string, WebhookHandler>;
  readonly post?: WebhookPost;
  /** Whom match conditions and policies may ask. */
  readonly authorizer: Rbac;
}

/** The chain that every write passes. Disposing it ends its subscriptions. */
export function createAdmission(options: AdmissionOptions): Admission & Disposable {
  const { reader, registry, handlers = new Map(), post = httpsPost(), without = [] } = options;
  const wanted = ({ name }: { name: string }) => !without.includes(name);
  const services = serviceAllocator(reader, options.services);
  const transport = { post, resolve: serviceResolver(reader, handlers) };
  const judging = { reader, registry, conditions: conditions(options.authorizer) };
  const hooks = { ...judging, transport };
  const policies = validatingPolicies(judging);
  const mutating = mutatingWebhooks(hooks);
  const validating = validatingWebhooks(hooks);
  const webhooks = {
    mutating: wanted({ name: 'MutatingAdmissionWebhook' }) ? [mutating] : [],
    validating: wanted({ name: 'ValidatingAdmissionWebhook' }) ? [validating] : [],
  };
  const plugins = [
    namespaceLifecycle(reader),
    ...(options.first ?? []),
    expressionCheck,
    limitRanger(reader),
    podServiceAccount(reader),
    podSecurity(reader, options.podSecurity ?? {}),
    podPriority(reader),
    defaultTolerations,
    defaultStorageClass(reader),
    storageProtection,
    claimResize(reader),
    podRuntimeClass(reader),
    defaultIngressClass(reader),
    podTopologyLabels(reader),
    services,
    policies,
  ];
  return {
    ...admissionOf({ plugins: plugins.filter(wanted), ...webhooks, last: [resourceQuota(reader)].filter(wanted) }),
    [Symbol.dispose]: () => {
      for (const owned of [services, policies, mutating, validating]) owned[Symbol.dispose]();
    },
  };
}
