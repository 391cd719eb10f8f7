import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkContainers } from './container-validation.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** The spec of a pod or of a pod template. */
export function checkPodSpec(spec: JsonObject | undefined, at: string, check: FieldCheck): void {
  const volumes = checkVolumes(spec, `${at}.volumes`, check);
  const containers = objectsAt(spec, 'containers');
  check.required(`${at}.containers`, containers);
  checkContainers(containers, `${at}.containers`, { check, volumes });
  checkContainers(objectsAt(spec, 'initContainers'), `${at}.initContainers`, { check, volumes });
  check.oneOf(`${at}.restartPolicy`, spec?.['restartPolicy'], ['Always', 'OnFailure', 'Never']);
  check.oneOf(`${at}.dnsPolicy`, spec?.['dnsPolicy'], DNS_POLICIES);
  if (spec) checkPlacement(spec, at, check);
}

function checkPlacement(spec: JsonObject, at: string, check: FieldCheck): void {
  const deadline = spec['activeDeadlineSeconds'];
  if (typeof deadline === 'number' && (deadline < 1 || deadline > 2147483647)) {
    check.invalid(`${at}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive');
  }
  const account = textAt(spec, 'serviceAccountName');
  if (account !== '') check.named(`${at}.serviceAccountName`, account, subdomainProblems);
  const node = textAt(spec, 'nodeName');
  if (node !== '') check.named(`${at}.nodeName`, node, subdomainProblems);
  for (const field of ['hostname', 'subdomain']) {
    const name = textAt(spec, field);
    if (name !== '') check.named(`${at}.${field}`, name, labelProblems);
  }
  checkLabelMap(objectAt(spec, 'nodeSelector'), `${at}.nodeSelector`, check);
}

/** Keys and values of labels or of a selector by equality. */
export function checkLabelMap(labels: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    check.named(at, key, qualifiedNameProblems);
    if (typeof value === 'string') check.named(at, value, labelValueProblems);
  }
}

function checkVolumes(spec: JsonObject | undefined, at: string, check: FieldCheck): ReadonlySet<string> {
  const volumes = objectsAt(spec, 'volumes');
  const names = volumes.map((volume) => textAt(volume, 'name'));
  check.unique(names, (index) => `${at}[${index}].name`);
  for (const [index, volume] of volumes.entries()) {
    const name = names[index] ?? '';
    if (check.required(`${at}[${index}].name`, name)) check.named(`${at}[${index}].name`, name, labelProblems);
    const [, ...more] = Object.keys(volume).filter((key) => key !== 'name');
    for (const source of more) check.forbidden(`${at}[${index}].${source}`, 'may not specify more than 1 volume type');
    checkSource(volume, `${at}[${index}]`, check);
  }
  return new Set(names);
}

/** What a source cannot do without. */
const NEEDED: readonly (readonly [source: string, field: string])[] = [
  ['secret', 'secretName'],
  ['configMap', 'name'],
  ['persistentVolumeClaim', 'claimName'],
  ['hostPath', 'path'],
];

function checkSource(volume: JsonObject, at: string, check: FieldCheck): void {
  for (const [source, field] of NEEDED) {
    const given = objectAt(volume, source);
    if (given) check.required(`${at}.${source}.${field}`, given[field]);
  }
}
