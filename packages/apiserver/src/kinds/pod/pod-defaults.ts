import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { fill, part } from '../fill.ts';
import { defaultContainer } from './container-defaults.ts';
import { defaultVolume } from './volume-defaults.ts';

/** Every container of a pod, whatever its role. */
export function allContainers(spec: JsonObject | undefined): JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => objectsAt(spec, list));
}

/** Defaults of a pod template's spec, in place. */
export function defaultPodSpec(spec: JsonObject): void {
  fill(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
  });
  part(spec, 'securityContext');
  // The older name of the field is kept in step.
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  if (account !== '') Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

/** Defaults of a workload's pod template, in place. */
export function defaultTemplate(owner: JsonObject): void {
  const spec = objectAt(owner, 'spec', 'template', 'spec');
  if (spec) defaultPodSpec(spec);
}

/** Defaults of a PodTemplate object, in place. */
export function defaultTemplateOf(object: JsonObject): void {
  const spec = objectAt(object, 'template', 'spec');
  if (spec) defaultPodSpec(spec);
}

/** Defaults of a pod, in place: as for templates, and what is limited but not requested is requested. */
export function defaultPod(pod: JsonObject): void {
  const spec = part(pod, 'spec');
  defaultPodSpec(spec);
  fill(spec, { enableServiceLinks: true });
  for (const container of allContainers(spec)) {
    if (spec['hostNetwork'] === true)
      for (const port of objectsAt(container, 'ports')) fill(port, { hostPort: port['containerPort'] ?? 0 });
    const limits = objectAt(container, 'resources', 'limits');
    const resources = container['resources'];
    if (limits && isObject(resources))
      for (const [name, limit] of Object.entries(limits)) fill(part(resources, 'requests'), { [name]: limit ?? '0' });
  }
}
