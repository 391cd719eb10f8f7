import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, objectsAt, textAt } from '../json-read.ts';

/** Whether `call` makes a Pod. */
export function createsPod({ resource, operation, subresource }: AdmissionCall): boolean {
  return operation === 'CREATE' && subresource === '' && resource.group === '' && resource.plural === 'pods';
}

/** Whether `call` makes a Pod, or changes one at its main endpoint. */
export function writesPod({ resource, operation, subresource }: AdmissionCall): boolean {
  return (operation === 'CREATE' || operation === 'UPDATE') && subresource === '' && resource.group === '' && resource.plural === 'pods';
}

const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const TOLERATION_SECONDS = 300;

/** A pod stays for five minutes on a node that went silent, unless it says otherwise. */
export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: writesPod,
  mutate: ({ object }) => {
    if (!object) return;
    const tolerations = objectsAt(object, 'spec', 'tolerations');
    const missing = TOLERATED.filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)));
    if (missing.length === 0) return;
    const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_SECONDS }));
    ensureObject(object, 'spec')['tolerations'] = [...tolerations, ...added];
  },
};

function tolerates(toleration: JsonObject, taint: string): boolean {
  const key = textAt(toleration, 'key');
  const effect = textAt(toleration, 'effect');
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
