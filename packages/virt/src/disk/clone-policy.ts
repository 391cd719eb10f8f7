import { disks, machines } from '../kinds/kinds.ts';

const NAME = 'clone-needs-source.cdi.kubevirt.io';
const API = 'admissionregistration.k8s.io/v1';

/** Whose disk may be copied into another namespace: theirs who may create `datavolumes/source` where it is, as CDI has it. */
function mayCopy(source: string, namespace: string): string {
  return ['pvc', 'snapshot']
    .map((kind) => {
      const from = `${source}.${kind}`;
      const may = `authorizer.group('${disks.group}').resource('${disks.plural}').subresource('source').namespace(${from}.namespace).check('create')`;
      return `(!has(${from}) || ${from}.namespace == ${namespace} || ${may}.allowed())`;
    })
    .join(' && ');
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
        resourceRules: [rule(disks.group, disks.version, disks.plural), rule(machines.group, machines.version, machines.plural)],
      },
      validations: [
        { expression: `object.kind != '${disks.kind}' || (${mayCopy('object.spec.source', namespace)})`, message, reason: 'Forbidden' },
        { expression: `object.kind != '${machines.kind}' || (${templates})`, message, reason: 'Forbidden' },
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
