import { isObject, type JsonObject } from '../json.ts';
import { ensureObject, valueAt } from '../json-read.ts';
import type { ResourceInfo } from '../resource.ts';

/** An applied Scale as a configuration of the object that is scaled: its replicas and nothing else. */
export function configOfScale(scale: JsonObject, resource: ResourceInfo): JsonObject {
  const path = resource.subresources['scale']?.scale?.specReplicas ?? '.spec.replicas';
  const spec = scale['spec'];
  const metadata = isObject(scale['metadata']) ? scale['metadata'] : {};
  const config: JsonObject = {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { name: metadata['name'] ?? '' },
  };
  const replicas = isObject(spec) ? spec['replicas'] : undefined;
  if (replicas === undefined) return config;
  let here = config;
  const steps = path.split('.').filter((step) => step !== '');
  for (const step of steps.slice(0, -1)) {
    const next: JsonObject = {};
    here[step] = next;
    here = next;
  }
  const last = steps.at(-1);
  if (last !== undefined) here[last] = replicas;
  return config;
}

/** The part of an object that `/scale` shows, as a Scale has it: without replicas where there are none. */
export function scaledPart(object: JsonObject | undefined, resource: ResourceInfo): JsonObject {
  const path = resource.subresources['scale']?.scale?.specReplicas ?? '.spec.replicas';
  const steps = path.split('.').filter((step) => step !== '');
  const replicas = valueAt(object, ...steps);
  const config = configOfScale({ spec: replicas === undefined || replicas === 0 ? {} : { replicas } }, resource);
  ensureObject(config, ...steps.slice(0, -1));
  return config;
}
