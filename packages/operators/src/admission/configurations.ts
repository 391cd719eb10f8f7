import { CROWNLABS_GROUP, LABEL } from '@crownlabs/api';
import { type Kube, mutatingWebhookConfigurations, validatingWebhookConfigurations } from '@crownlabs/client';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from 'kubernetes-types/admissionregistration/v1.js';
import type { OperatorsConfig } from '../config.ts';
import { type Piece, piece, type Wanted } from '../converge.ts';
import { managedBy } from '../manifests/labels.ts';
import { SYSTEM_NAMESPACE, WEBHOOKS } from './handlers.ts';
import { OWN_ACCOUNTS } from './review.ts';

/** How an API reaches the webhooks. */
export interface WebhookReach {
  /** PEM of the authority behind the server's certificate, base64; absent where handlers are reached in process. */
  readonly caBundle?: string;
}

/** The configurations that make an API ask our webhooks. They never match `status`, nor what our own rooms write. */
export function webhookConfigurations(config: OperatorsConfig, reach: WebhookReach = {}): Piece[] {
  const mutating: Wanted<Kube<MutatingWebhookConfiguration>> = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'crownlabs', labels: managedBy('operators') },
    webhooks: [
      { ...webhook('tenantDefaulter', 'tenants', reach), reinvocationPolicy: 'Never' } satisfies MutatingWebhook,
      { ...webhook('instanceDefaulter', 'instances', reach), ...ofSelector('namespaceSelector', config), reinvocationPolicy: 'Never' },
    ],
  };
  const validating: Wanted<Kube<ValidatingWebhookConfiguration>> = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'crownlabs', labels: managedBy('operators') },
    webhooks: [
      { ...webhook('tenantValidator', 'tenants', reach), ...ofSelector('objectSelector', config) },
      { ...webhook('instanceValidator', 'instances', reach), ...ofSelector('namespaceSelector', config) },
    ],
  };
  return [piece(mutatingWebhookConfigurations, mutating), piece(validatingWebhookConfigurations, validating)];
}

/** Several operators may share a cluster: each is asked about what carries its own label. */
function ofSelector(selector: 'objectSelector' | 'namespaceSelector', { operatorSelector }: OperatorsConfig): Partial<ValidatingWebhook> {
  return operatorSelector === '' ? {} : { [selector]: { matchLabels: { [LABEL.operatorSelector]: operatorSelector } } };
}

function webhook(which: keyof typeof WEBHOOKS, resource: 'tenants' | 'instances', { caBundle }: WebhookReach): ValidatingWebhook {
  const { service, path } = WEBHOOKS[which];
  // The types that we have leave out half of what a rule is made of.
  const rule = {
    apiGroups: [CROWNLABS_GROUP],
    apiVersions: ['v1alpha2'],
    operations: ['CREATE', 'UPDATE'],
    resources: [resource],
    scope: '*',
  };
  return {
    name: `${service}.${CROWNLABS_GROUP}`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 10,
    clientConfig: {
      service: { namespace: SYSTEM_NAMESPACE, name: service, path, port: 443 },
      ...(caBundle === undefined ? {} : { caBundle }),
    },
    rules: [rule],
    matchConditions: [{ name: 'not-our-own-rooms', expression: `!request.userInfo.username.startsWith('${OWN_ACCOUNTS}')` }],
  };
}
