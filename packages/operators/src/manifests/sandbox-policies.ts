import { LABEL } from '@crownlabs/api';
import { clusterResource, type Kube } from '@crownlabs/client';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from 'kubernetes-types/admissionregistration/v1.js';
import { type Piece, piece } from '../converge.ts';
import { managedBy } from './labels.ts';

const VERSION = 'admissionregistration.k8s.io/v1';
const policies = clusterResource<Kube<ValidatingAdmissionPolicy>>(VERSION, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy');
const bindings = clusterResource<Kube<ValidatingAdmissionPolicyBinding>>(
  VERSION,
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
);

interface Rule {
  readonly expression: string;
  readonly message: string;
}

interface SandboxPolicy {
  readonly group: string;
  readonly resource: string;
  readonly rules: readonly Rule[];
}

/** `sandbox-s123456` may answer for what ends its name with a dot: `s123456.sandbox.example.org`. */
const OWN_HOST = `startsWith(request.namespace.substring(8) + '.')`;

/** What pods may be is said by the level of their namespace; this is what reaches beyond pods. */
const POLICIES: readonly SandboxPolicy[] = [
  {
    group: '',
    resource: 'services',
    rules: [
      {
        expression: `!has(object.spec.type) || object.spec.type == 'ClusterIP'`,
        message: 'a Service of a sandbox has no address outside of it and stands for no other name: its type is ClusterIP',
      },
      {
        expression: '!has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0',
        message: 'a Service of a sandbox takes no external addresses: they are those of others',
      },
    ],
  },
  {
    group: 'networking.k8s.io',
    resource: 'ingresses',
    rules: [
      {
        expression: `!has(object.spec.defaultBackend) && (!has(object.spec.rules) || object.spec.rules.all(it, has(it.host) && it.host.${OWN_HOST}))`,
        message: 'an Ingress of a sandbox has hosts that begin with the name of its owner, and answers for no others',
      },
      {
        expression: `!has(object.spec.tls) || object.spec.tls.all(it, !has(it.hosts) || it.hosts.all(host, host.${OWN_HOST}))`,
        message: 'an Ingress of a sandbox has certificates for hosts that begin with the name of its owner',
      },
    ],
  },
  {
    group: '',
    resource: 'pods',
    rules: [
      {
        expression: `!has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith('system-')`,
        message: 'pods of a sandbox do not push others aside: they have no priority of the system',
      },
    ],
  },
];

/** What nobody does in a sandbox, whatever his role there: take addresses, names or places of others. */
export function sandboxPolicyPieces(): Piece[] {
  return POLICIES.flatMap(({ group, resource, rules }) => {
    // The types that we have leave out half of what a rule is made of.
    const rule = { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: [resource] };
    const metadata = { name: `crownlabs-sandbox-${resource}`, labels: managedBy('operators') };
    return [
      piece(policies, {
        apiVersion: VERSION,
        kind: 'ValidatingAdmissionPolicy',
        metadata,
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            namespaceSelector: { matchLabels: { [LABEL.type]: 'sandbox' } },
            resourceRules: [rule],
          },
          validations: rules.map((it) => ({ ...it, reason: 'Forbidden' })),
        },
      }),
      piece(bindings, {
        apiVersion: VERSION,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata,
        spec: { policyName: metadata.name, validationActions: ['Deny'] },
      }),
    ];
  });
}
