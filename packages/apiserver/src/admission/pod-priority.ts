import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { Json, JsonObject } from '../json.ts';
import { ensureObject, numberAt, objectAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { writesPod } from './pod-defaults.ts';
import { refused } from './refusal.ts';

const CLASSES = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };

/** Turns the name of a priority class into the number by which pods are ordered, and lets there be one default class. */
export function podPriority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (call) => writesPod(call) || writesClass(call),
    mutate: (call) => {
      if (!call.object || !writesPod(call)) return;
      const spec = ensureObject(call.object, 'spec');
      if (call.operation === 'CREATE') setPriority(reader, call, spec);
      else keepPriority(spec, objectAt(call.old, 'spec'));
    },
    validate: (call) => {
      if (call.object?.['globalDefault'] !== true || !writesClass(call)) return;
      const present = textAt(defaultClass(reader), 'metadata', 'name');
      if (present === '' || (call.operation === 'UPDATE' && present === textAt(call.object, 'metadata', 'name'))) return;
      throw refused(call, `PriorityClass ${present} is already marked as default. Only one default can exist`);
    },
  };
}

function writesClass({ resource, operation, subresource }: AdmissionCall): boolean {
  return (
    (operation === 'CREATE' || operation === 'UPDATE') &&
    subresource === '' &&
    resource.group === CLASSES.group &&
    resource.plural === CLASSES.plural
  );
}

/** Of several, which only a race can bring about, the lowest. */
function defaultClass(reader: ObjectReader): JsonObject | undefined {
  let found: JsonObject | undefined;
  for (const one of reader.list(CLASSES)) {
    if (one['globalDefault'] === true && (!found || valueOf(one) < valueOf(found))) found = one;
  }
  return found;
}

const valueOf = (one: JsonObject): number => numberAt(one, 'value') ?? 0;

function setPriority(reader: ObjectReader, call: AdmissionCall, spec: JsonObject): void {
  const named = textAt(spec, 'priorityClassName');
  const found = named === '' ? defaultClass(reader) : reader.get(CLASSES, named);
  if (named !== '' && !found) throw refused(call, `no PriorityClass with name ${named} was found`);
  const priority = numberAt(found, 'value') ?? 0;
  const policy = found ? textAt(found, 'preemptionPolicy') : 'PreemptLowerPriority';
  if (named === '' && found) spec['priorityClassName'] = textAt(found, 'metadata', 'name');
  demandComputed(call, spec['priority'], priority, 'integer value of priority');
  spec['priority'] = priority;
  if (policy === '') return;
  demandComputed(call, spec['preemptionPolicy'], policy, 'string value of PreemptionPolicy');
  spec['preemptionPolicy'] = policy;
}

/** Both may be said by who repeats what comes out anyway. */
function demandComputed(call: AdmissionCall, given: Json | undefined, computed: number | string, what: string): void {
  if (given === undefined || given === null || given === computed) return;
  throw refused(
    call,
    `the ${what} (${typeof given === 'string' ? given : JSON.stringify(given)}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
  );
}

/** Who replaces a pod without saying its priority leaves it as it is. */
function keepPriority(spec: JsonObject, before: JsonObject | undefined): void {
  for (const field of ['priority', 'preemptionPolicy']) {
    const value = before?.[field];
    if (value !== undefined && (spec[field] === undefined || spec[field] === null)) spec[field] = value;
  }
}
