import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkContainers } from './container-validation.ts';
import { checkNameRules, checkPlacementRules } from './placement-validation.ts';
import { checkPodSecurity } from './security-validation.ts';
import { checkVolumes } from './volume-validation.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** The spec of a pod or of a pod template. */
export function checkPodSpec(spec: JsonObject | undefined, at: string, check: FieldCheck): void {
  const volumes = checkVolumes(spec, `${at}.volumes`, check);
  const containers = objectsAt(spec, 'containers');
  check.required(`${at}.containers`, containers);
  const grace = numberAt(spec, 'terminationGracePeriodSeconds') ?? 30;
  checkContainers(containers, `${at}.containers`, { check, volumes, grace });
  checkContainers(objectsAt(spec, 'initContainers'), `${at}.initContainers`, { check, volumes, grace });
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
        check.invalid(`${place}.hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true');
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
  checkHost(spec, at, check);
}

/** What a pod shares with its machine, and what it waits for before it is placed. */
function checkHost(spec: JsonObject, at: string, check: FieldCheck): void {
  if (spec['hostPID'] === true && spec['shareProcessNamespace'] === true)
    check.invalid(`${at}.securityContext.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  if (spec['hostUsers'] === false) {
    for (const [field, shown] of Object.entries({ hostNetwork: 'hostNetwork', hostPID: 'HostPID', hostIPC: 'HostIPC' }))
      if (spec[field] === true) check.forbidden(`${at}.${shown}`, 'when `hostUsers` is false');
  }
  const system = objectAt(spec, 'os');
  if (system && check.required(`${at}.os.name`, system['name'])) check.oneOf(`${at}.os`, system['name'], ['linux', 'windows']);
  for (const [index, gate] of objectsAt(spec, 'readinessGates').entries())
    check.named(`${at}.readinessGates[${index}].conditionType`, textAt(gate, 'conditionType'), (name) =>
      qualifiedNameProblems(name, 'name part'),
    );
  const gates = objectsAt(spec, 'schedulingGates').map((gate) => textAt(gate, 'name'));
  for (const [index, gate] of gates.entries()) check.named(`${at}.schedulingGates[${index}]`, gate, qualifiedNameProblems);
  check.unique(gates, (index) => `${at}.schedulingGates[${index}]`);
  if (gates.length > 0 && textAt(spec, 'nodeName') !== '')
    check.forbidden(`${at}.nodeName`, 'cannot be set until all schedulingGates have been cleared');
}

/** Keys and values of labels or of a selector by equality. */
export function checkLabelMap(labels: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    check.named(at, key, (name) => qualifiedNameProblems(name, 'a valid label key'));
    if (typeof value === 'string') check.named(at, value, labelValueProblems);
  }
}
