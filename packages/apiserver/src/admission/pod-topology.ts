import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import { ensureObject, mapAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';

const NODES = { group: '', plural: 'nodes' };
const COPIED = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A pod that is put on a node is told, by its labels, in which zone and region that is. */
export function podTopologyLabels(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: putsOnNode,
    mutate: ({ object }) => {
      const name = textAt(object, 'spec', 'nodeName');
      if (!object || name === '') return;
      const labels = mapAt(reader.get(NODES, name), 'metadata', 'labels');
      const copied = COPIED.filter((key) => labels[key] !== undefined).map((key) => [key, labels[key] ?? ''] as const);
      if (copied.length > 0) Object.assign(ensureObject(object, 'metadata', 'labels'), Object.fromEntries(copied));
    },
  };
}

/** A pod that is made on its node, or bound to it: a binding arrives here as the change of the pod. */
function putsOnNode({ resource, operation, subresource }: AdmissionCall): boolean {
  if (resource.group !== '' || resource.plural !== 'pods') return false;
  return subresource === 'binding' || (operation === 'CREATE' && subresource === '');
}
