import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import { textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { forbidden, notFound, StatusError } from '../status-error.ts';

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' };
const IMMORTAL = ['default', 'kube-system', 'kube-public'];

/** Nothing is written into a namespace that does not exist, nothing new into one that is going, and some may not go. */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ resource, operation }) => operation !== 'CONNECT' && (resource.namespaced || isNamespace(resource)),
    mutate: (call) => {
      if (isNamespace(call.resource)) protectImmortal(call);
      // Access reviews may ask about namespaces that do not exist.
      else if (call.operation !== 'DELETE' && call.resource.group !== 'authorization.k8s.io') requireNamespace(reader, call);
    },
  };
}

function isNamespace({ group, plural }: { group: string; plural: string }): boolean {
  return group === '' && plural === 'namespaces';
}

function protectImmortal({ operation, name, resource }: AdmissionCall): void {
  if (operation === 'DELETE' && IMMORTAL.includes(name)) throw forbidden(resource, name, 'this namespace may not be deleted');
}

function requireNamespace(reader: ObjectReader, call: AdmissionCall): void {
  const { namespace } = call;
  const found = reader.get(NAMESPACES, namespace);
  if (!found) throw notFound(NAMESPACES, namespace);
  if (call.operation !== 'CREATE' || !textAt(found, 'metadata', 'deletionTimestamp')) return;
  const refusal = forbidden(
    call.resource,
    call.name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  // Controllers look for this cause, to stop trying.
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
  throw new StatusError('Forbidden', refusal.message, { details: { ...refusal.details, causes: [cause] } });
}
