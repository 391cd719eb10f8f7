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

/** How an API reaches the webhooks: Services that it resolves to handlers in its own process, one Service of a cluster, or an address. */
export type WebhookReach =
  | { readonly by: 'handlers' }
  | { readonly by: 'service'; readonly namespace: string; readonly name: string; readonly port: number; readonly caBundle: string }
  | { readonly by: 'url'; readonly base: string; readonly caBundle: string };

/** The name of our configurations: operators that share a cluster have one each. */
export function webhookConfigurationName({ operatorSelector }: Pick<OperatorsConfig, 'operatorSelector'>): string {
  return operatorSelector === '' ? 'crownlabs' : `crownlabs-${operatorSelector}`;
}

/** The configurations that make an API ask our webhooks. They never match `status`, nor what our own rooms write. */
export function webhookConfigurations(config: OperatorsConfig, reach: WebhookReach = { by: 'handlers' }): Piece[] {
  const metadata = { name: webhookConfigurationName(config), labels: managedBy('operators') };
  const mutating: Wanted<Kube<MutatingWebhookConfiguration>> = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        ...webhook('tenantDefaulter', 'tenants', reach),
        // Whoever is to be ours has no label yet: only an installation that claims nobody may look at the label first.
        ...(config.claimsUnlabelled ? {} : ofSelector('objectSelector', config)),
        reinvocationPolicy: 'Never',
      } satisfies MutatingWebhook,
      { ...webhook('instanceDefaulter', 'instances', reach), ...ofSelector('namespaceSelector', config), reinvocationPolicy: 'Never' },
    ],
  };
  const validating: Wanted<Kube<ValidatingWebhookConfiguration>> = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [
      { ...webhook('tenantValidator', 'tenants', reach), ...ofSelector('objectSelector', config) },
      { ...webhook('templateValidator', 'templates', reach), ...ofSelector('namespaceSelector', config) },
      { ...webhook('snapshotValidator', 'instancesnapshots', reach), ...ofSelector('namespaceSelector', config) },
      { ...webhook('instanceValidator', 'instances', reach), ...ofSelector('namespaceSelector', config) },
    ],
  };
  return [piece(mutatingWebhookConfigurations, mutating), piece(validatingWebhookConfigurations, validating)];
}

/** Several operators may share a cluster: each is asked about what carries its own label. */
function ofSelector(selector: 'objectSelector' | 'namespaceSelector', { operatorSelector }: OperatorsConfig): Partial<ValidatingWebhook> {
  return operatorSelector === '' ? {} : { [selector]: { matchLabels: { [LABEL.operatorSelector]: operatorSelector } } };
}

function webhook(
  which: keyof typeof WEBHOOKS,
  resource: 'tenants' | 'templates' | 'instances' | 'instancesnapshots',
  reach: WebhookReach,
): ValidatingWebhook {
  const { service } = WEBHOOKS[which];
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
    clientConfig: clientConfig(WEBHOOKS[which], reach),
    rules: [rule],
    matchConditions: [{ name: 'not-our-own-rooms', expression: `!request.userInfo.username.startsWith('${OWN_ACCOUNTS}')` }],
  };
}

function clientConfig(
  { service, path }: { readonly service: string; readonly path: string },
  reach: WebhookReach,
): ValidatingWebhook['clientConfig'] {
  if (reach.by === 'handlers') return { service: { namespace: SYSTEM_NAMESPACE, name: service, path, port: 443 } };
  const caBundle = Buffer.from(reach.caBundle).toString('base64');
  if (reach.by === 'url') return { url: `${reach.base}${path}`, caBundle };
  return { service: { namespace: reach.namespace, name: reach.name, path, port: reach.port }, caBundle };
}
