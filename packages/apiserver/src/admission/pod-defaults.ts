import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, numberAt, objectsAt, textAt, valueAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { forbidden } from '../status-error.ts';

/** Whether `call` makes a Pod. */
export function createsPod({ resource, operation, subresource }: AdmissionCall): boolean {
  return operation === 'CREATE' && subresource === '' && resource.group === '' && resource.plural === 'pods';
}

const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const TOLERATION_SECONDS = 300;

/** A pod stays for five minutes on a node that went silent, unless it says otherwise. */
export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: createsPod,
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

const BUILT_IN: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };

/** Turns the name of a priority class into the number by which pods are ordered. */
export function podPriority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: createsPod,
    mutate: ({ resource, name, object }) => {
      if (!object) return;
      const spec = ensureObject(object, 'spec');
      const className = textAt(spec, 'priorityClassName');
      const found = className ? reader.get(CLASSES, className) : reader.list(CLASSES).find((one) => one['globalDefault'] === true);
      if (className && !found && BUILT_IN[className] === undefined)
        throw forbidden(resource, name, `no PriorityClass with name ${className} was found`);
      if (!className && found) spec['priorityClassName'] = textAt(found, 'metadata', 'name');
      spec['priority'] = numberAt(found, 'value') ?? BUILT_IN[className] ?? 0;
      spec['preemptionPolicy'] ??= valueAt(found, 'preemptionPolicy') ?? 'PreemptLowerPriority';
    },
  };
}

const CLASSES = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };
