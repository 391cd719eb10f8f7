import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

/** What the containers of one pod have in common. */
export interface ContainerSurroundings {
  readonly check: FieldCheck;
  readonly volumes: ReadonlySet<string>;
  /** Seconds that containers have to end. */
  readonly grace: number;
}

/** Where a container sees the pod's volumes. */
export function checkMounts(container: JsonObject, at: string, { check, volumes }: ContainerSurroundings): void {
  const mounts = objectsAt(container, 'volumeMounts');
  const privileged = objectAt(container, 'securityContext')?.['privileged'] === true;
  for (const [index, mount] of mounts.entries()) {
    const field = `${at}.volumeMounts[${index}]`;
    const name = textAt(mount, 'name');
    check.required(`${field}.name`, name);
    if (!volumes.has(name)) check.notFound(`${field}.name`, name);
    check.required(`${field}.mountPath`, textAt(mount, 'mountPath'));
    checkInside(mount, at, { field, check });
    checkPropagation(mount, `${at}.volumeMounts`, { check, privileged });
  }
  for (const [index, mount] of mounts.entries()) {
    const path = textAt(mount, 'mountPath');
    const twice = mounts.findIndex((one) => textAt(one, 'mountPath') === path) < index;
    if (path !== '' && twice) check.invalid(`${at}.volumeMounts[${index}].mountPath`, path, 'must be unique');
  }
  for (const [index, device] of objectsAt(container, 'volumeDevices').entries()) {
    const name = textAt(device, 'name');
    if (check.required(`${at}.volumeDevices[${index}].name`, name) && !volumes.has(name))
      check.notFound(`${at}.volumeDevices[${index}].name`, name);
    check.required(`${at}.volumeDevices[${index}].devicePath`, textAt(device, 'devicePath'));
  }
}

/** The part of a volume that is mounted: below it, and said in one way. */
function checkInside(mount: JsonObject, at: string, { field, check }: { field: string; check: FieldCheck }): void {
  for (const name of ['subPath', 'subPathExpr']) {
    const path = textAt(mount, name);
    if (path.startsWith('/')) check.invalid(`${at}.volumeMounts.${name}`, path, 'must be a relative path');
    if (path.split('/').includes('..')) check.invalid(`${at}.volumeMounts.${name}`, path, "must not contain '..'");
  }
  const computed = textAt(mount, 'subPathExpr');
  if (computed !== '' && textAt(mount, 'subPath') !== '')
    check.invalid(`${field}.subPathExpr`, computed, 'subPathExpr and subPath are mutually exclusive');
}

function checkPropagation(mount: JsonObject, at: string, { check, privileged }: { check: FieldCheck; privileged: boolean }): void {
  const propagation = mount['mountPropagation'];
  check.oneOf(`${at}.mountPropagation`, propagation, ['Bidirectional', 'HostToContainer', 'None']);
  if (propagation === 'Bidirectional' && !privileged)
    check.forbidden(`${at}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers');
  const recursive = mount['recursiveReadOnly'];
  check.oneOf(`${at}.recursiveReadOnly`, recursive, ['Disabled', 'Enabled', 'IfPossible']);
  if ((recursive === 'Enabled' || recursive === 'IfPossible') && mount['readOnly'] !== true)
    check.forbidden(`${at}.recursiveReadOnly`, 'may only be specified when readOnly is true');
}
