import type { JsonObject } from '../../json.ts';
import { mapAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';

const ROLE = 'node-role.kubernetes.io/';

function statusText(node: JsonObject): string {
  const ready = objectsAt(node, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  const words = [ready ? (textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (objectAt(node, 'spec')?.['unschedulable'] === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function rolesText(node: JsonObject): string {
  const roles = Object.keys(mapAt(node, 'metadata', 'labels'))
    .filter((key) => key.startsWith(ROLE) && key !== ROLE)
    .map((key) => key.slice(ROLE.length));
  return roles.length === 0 ? NONE : roles.toSorted().join(',');
}

const address = (type: string) => (node: JsonObject) =>
  textAt(
    objectsAt(node, 'status', 'addresses').find((one) => textAt(one, 'type') === type),
    'address',
  ) || NONE;

const info = (field: string) => (node: JsonObject) => textAt(node, 'status', 'nodeInfo', field) || '<unknown>';

/** Nodes. */
export const node: Strategy = {
  defaults(object) {
    const capacity = objectAt(object, 'status', 'capacity');
    const status = objectAt(object, 'status');
    if (status && capacity && !objectAt(status, 'allocatable')) status['allocatable'] = structuredClone(capacity);
  },
  // The node itself registers with what it has.
  initialStatus: (object) => structuredClone(objectAt(object, 'status') ?? {}),
  validateUpdate(object, old) {
    const check = new FieldCheck();
    const range = textAt(old, 'spec', 'podCIDR');
    if (range !== '' && textAt(object, 'spec', 'podCIDR') !== range) {
      check.forbidden('spec.podCIDR', 'node updates may not change podCIDR except from "" to valid');
    }
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Status', statusText),
    textColumn('Roles', rolesText),
    AGE_TEXT,
    textColumn('Version', (object) => textAt(object, 'status', 'nodeInfo', 'kubeletVersion')),
    textColumn('Internal-IP', address('InternalIP'), 1),
    textColumn('External-IP', address('ExternalIP'), 1),
    textColumn('OS-Image', info('osImage'), 1),
    textColumn('Kernel-Version', info('kernelVersion'), 1),
    textColumn('Container-Runtime', info('containerRuntimeVersion'), 1),
  ],
  fieldSelectors: { 'spec.unschedulable': (object) => String(objectAt(object, 'spec')?.['unschedulable'] === true) },
};
