import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkContainers } from './container-validation.ts';
import { checkNameRules, checkPlacementRules } from './placement-validation.ts';
import { checkPodSecurity } from './security-validation.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** The spec of a pod or of a pod template. */
export function checkPodSpec(spec: JsonObject | undefined, at: string, check: FieldCheck): void {
  const volumes = checkVolumes(spec, `${at}.volumes`, check);
  const containers = objectsAt(spec, 'containers');
  check.required(`${at}.containers`, containers);
  checkContainers(containers, `${at}.containers`, { check, volumes });
  checkContainers(objectsAt(spec, 'initContainers'), `${at}.initContainers`, { check, volumes });
  checkInitContainers(objectsAt(spec, 'initContainers'), containers, { at: `${at}.initContainers`, check });
  check.oneOf(`${at}.restartPolicy`, spec?.['restartPolicy'], ['Always', 'OnFailure', 'Never']);
  check.oneOf(`${at}.dnsPolicy`, spec?.['dnsPolicy'], DNS_POLICIES);
  if (!spec) return;
  checkPlacement(spec, at, check);
  checkPlacementRules(spec, at, check);
  checkNameRules(spec, at, check);
  checkPodSecurity(objectAt(spec, 'securityContext'), `${at}.securityContext`, check);
  checkHostPorts(containers, spec['hostNetwork'] === true, { at: `${at}.containers`, check });
}

interface Place {
  readonly at: string;
  readonly check: FieldCheck;
}

const ONLY_SIDECARS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'];

/** Containers that end before the others begin: other names, and nothing that makes sense only while they run. */
function checkInitContainers(list: readonly JsonObject[], containers: readonly JsonObject[], { at, check }: Place): void {
  const taken = containers.map((container) => textAt(container, 'name'));
  for (const [index, one] of list.entries()) {
    const name = textAt(one, 'name');
    if (taken.includes(name)) check.unique([name, name], () => `${at}[${index}].name`);
    if (textAt(one, 'restartPolicy') === 'Always') continue;
    for (const field of ONLY_SIDECARS.filter((name) => one[name] !== undefined)) {
      check.forbidden(`${at}[${index}].${field}`, 'may not be set for init containers without restartPolicy=Always');
    }
  }
}

/** Ports of the node: each once, and with the node's network no other than the container's. */
function checkHostPorts(containers: readonly JsonObject[], hostNetwork: boolean, { at, check }: Place): void {
  const seen: { place: string; key: string | undefined }[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [number, port] of objectsAt(container, 'ports').entries()) {
      const hostPort = numberAt(port, 'hostPort') ?? 0;
      const place = `${at}[${index}].ports[${number}]`;
      seen.push({ place, key: hostPort === 0 ? undefined : `${textAt(port, 'protocol')}/${textAt(port, 'hostIP')}/${hostPort}` });
      const own = numberAt(port, 'containerPort') ?? 0;
      if (hostNetwork && hostPort !== 0 && hostPort !== own)
        check.invalid(`${place}.containerPort`, own, 'must match `hostPort` when `hostNetwork` is true');
    }
  }
  check.unique(
    seen.map(({ key }) => key),
    (index) => `${seen[index]?.place}.hostPort`,
  );
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
