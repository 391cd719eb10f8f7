import { ANNOTATION } from '@crownlabs/api';
import { disks, guests, machines } from '../kinds/kinds.ts';

const NAME = 'clone-needs-source.cdi.kubevirt.io';
const API = 'admissionregistration.k8s.io/v1';

/** Whose disk may be copied into another namespace: theirs who may create `datavolumes/source` where it is, as CDI has it. */
function mayCopy(source: string, namespace: string): string {
  return ['pvc', 'snapshot']
    .map((kind) => {
      const from = `${source}.${kind}`;
      return `(!has(${from}) || ${from}.namespace == ${namespace} || ${mayReadIn(`${from}.namespace`)})`;
    })
    .join(' && ');
}

/** What was prepared of another namespace's machine shows its disk to who goes on from it. */
function mayGoOn(metadata: string, namespace: string): string {
  const annotations = `${metadata}.annotations`;
  const from = `${annotations}['${ANNOTATION.instantStart}'].split('/')[0]`;
  const wishes = `has(${annotations}) && '${ANNOTATION.instantStart}' in ${annotations}`;
  return `!(${wishes}) || ${from} == ${namespace} || ${mayReadIn(from)}`;
}

function mayReadIn(namespace: string): string {
  return `authorizer.group('${disks.group}').resource('${disks.plural}').subresource('source').namespace(${namespace}).check('create').allowed()`;
}

/**
 * The policy by which nobody reads a disk of another namespace through a copy of it, for an API to hold. Who writes an object is known when it
 * is written only: a controller that reads it later cannot tell.
 */
export function clonePolicy() {
  const namespace = 'object.metadata.namespace';
  const templates = `!has(object.spec.dataVolumeTemplates) || object.spec.dataVolumeTemplates.all(t, ${mayCopy('t.spec.source', namespace)})`;
  const message = `only who may create datavolumes/source in the namespace of a volume may copy it into another`;
  const policy = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: NAME },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [disks, machines, guests].map(({ group, version, plural }) => rule(group, version, plural)),
      },
      validations: [
        { expression: `object.kind != '${disks.kind}' || (${mayCopy('object.spec.source', namespace)})`, message, reason: 'Forbidden' },
        { expression: `object.kind != '${machines.kind}' || (${templates})`, message, reason: 'Forbidden' },
        { expression: `object.kind != '${guests.kind}' || (${mayGoOn('object.metadata', namespace)})`, message, reason: 'Forbidden' },
        {
          expression: `object.kind != '${machines.kind}' || !has(object.spec.template.metadata) || (${mayGoOn('object.spec.template.metadata', namespace)})`,
          message,
          reason: 'Forbidden',
        },
      ],
    },
  };
  const binding = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: NAME },
    spec: { policyName: NAME, validationActions: ['Deny'] },
  };
  return { policy, binding };
}

function rule(group: string, version: string, plural: string) {
  return { apiGroups: [group], apiVersions: [version], operations: ['CREATE', 'UPDATE'], resources: [plural] };
}
