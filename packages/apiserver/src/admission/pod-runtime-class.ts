import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import { cloneJson } from '../clone-json.ts';
import type { Json, JsonObject } from '../json.ts';
import { ensureObject, mapAt, objectAt, objectsAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { plainError } from '../plain-error.ts';
import { compareQuantities, quantityOf } from '../schema/index.ts';
import { createsPod } from './pod-defaults.ts';
import { refused } from './refusal.ts';
import { mergedTolerations } from './toleration-merge.ts';

const CLASSES = { group: 'node.k8s.io', plural: 'runtimeclasses' };
const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** A pod takes over what its runtime class costs and where it runs; it cannot say a cost of its own. */
export function podRuntimeClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    handles: createsPod,
    mutate: (call) => {
      const spec = objectAt(call.object, 'spec');
      const found = spec && classOf(reader, call, spec);
      if (!found) return;
      setOverhead(call, spec, objectAt(found, 'overhead'));
      setScheduling(call, spec, objectAt(found, 'scheduling'));
    },
    validate: (call) => {
      const spec = objectAt(call.object, 'spec');
      if (!spec) return;
      const overhead = objectAt(classOf(reader, call, spec), 'overhead');
      const given = objectAt(spec, 'overhead');
      if (overhead && !sameAmounts(objectAt(overhead, 'podFixed'), given)) throw refused(call, MISMATCH);
      if (!overhead && given) throw refused(call, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    },
  };
}

function classOf(reader: ObjectReader, call: AdmissionCall, spec: JsonObject): JsonObject | undefined {
  const name = spec['runtimeClassName'];
  if (typeof name !== 'string') return undefined;
  if (name === '') throw plainError('resource name may not be empty');
  const found = reader.get(CLASSES, name);
  if (!found) throw refused(call, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(call: AdmissionCall, spec: JsonObject, overhead: JsonObject | undefined): void {
  if (!overhead) return;
  const fixed = objectAt(overhead, 'podFixed');
  const given = objectAt(spec, 'overhead') ?? {};
  if (Object.keys(given).length > 0 && !sameAmounts(fixed, given)) throw refused(call, MISMATCH);
  if (fixed) spec['overhead'] = cloneJson(fixed);
  else delete spec['overhead'];
}

function sameAmounts(a: JsonObject = {}, b: JsonObject = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameAmount(a[name], b[name]));
}

function sameAmount(a: Json | undefined, b: Json | undefined): boolean {
  const [x, y] = [quantityOf(a), quantityOf(b)];
  return x !== undefined && y !== undefined && compareQuantities(x, y) === 0;
}

function setScheduling(call: AdmissionCall, spec: JsonObject, scheduling: JsonObject | undefined): void {
  if (!scheduling) return;
  const given = objectAt(spec, 'nodeSelector') ?? {};
  const wanted = Object.entries(mapAt(scheduling, 'nodeSelector'));
  for (const [key, value] of wanted) {
    if (!Object.hasOwn(given, key) || given[key] === value) continue;
    throw refused(
      call,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${textAt(given, key)}`,
    );
  }
  if (wanted.length > 0) Object.assign(ensureObject(spec, 'nodeSelector'), Object.fromEntries(wanted));
  const tolerations = mergedTolerations([...objectsAt(spec, 'tolerations'), ...cloneJson(objectsAt(scheduling, 'tolerations'))]);
  if (tolerations.length > 0) spec['tolerations'] = tolerations;
}
