import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { PORT_RANGE } from '../field-check.ts';
import { type ContainerSurroundings, checkMounts } from './mount-validation.ts';
import { checkHttpGet } from './probe-http.ts';
import { checkContainerResources } from './resource-validation.ts';
import { checkContainerSecurity } from './security-validation.ts';
import { checkVariables } from './variable-validation.ts';

/** The containers of one list of a pod. */
export function checkContainers(list: readonly JsonObject[], field: string, around: ContainerSurroundings): void {
  const { check } = around;
  check.unique(
    list.map((container) => textAt(container, 'name')),
    (index) => `${field}[${index}].name`,
  );
  for (const [index, container] of list.entries()) checkContainer(container, `${field}[${index}]`, around);
}

function checkContainer(container: JsonObject, at: string, around: ContainerSurroundings): void {
  const { check } = around;
  const name = textAt(container, 'name');
  if (check.required(`${at}.name`, name)) check.named(`${at}.name`, name, labelProblems);
  check.required(`${at}.image`, textAt(container, 'image'));
  check.oneOf(`${at}.imagePullPolicy`, container['imagePullPolicy'], ['Always', 'IfNotPresent', 'Never']);
  check.oneOf(`${at}.terminationMessagePolicy`, container['terminationMessagePolicy'], ['File', 'FallbackToLogsOnError']);
  for (const [index, port] of objectsAt(container, 'ports').entries()) checkPort(port, `${at}.ports[${index}]`, check);
  check.unique(
    objectsAt(container, 'ports').map((port) => textAt(port, 'name')),
    (index) => `${at}.ports[${index}].name`,
  );
  checkVariables(container, at, check);
  checkMounts(container, at, around);
  checkContainerResources(objectAt(container, 'resources'), `${at}.resources`, check);
  checkContainerSecurity(objectAt(container, 'securityContext'), `${at}.securityContext`, check);
  checkLifecycle(objectAt(container, 'lifecycle'), `${at}.lifecycle`, around);
  checkResizePolicy(container, at, check);
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) checkProbe(objectAt(container, probe), `${at}.${probe}`, check);
}

/** Images of pods, and not of templates, are written without space around them. */
export function checkImages(spec: JsonObject | undefined, check: FieldCheck): void {
  for (const list of ['containers', 'initContainers'])
    for (const [index, container] of objectsAt(spec, list).entries()) {
      const image = textAt(container, 'image');
      if (image.trim() !== image) check.invalid(`spec.${list}[${index}].image`, image, 'must not have leading or trailing whitespace');
    }
}

/** Why a text is no name of a service by IANA's rules. */
export function serviceNameProblems(name: string): string[] {
  const problems = name.length > 15 ? ['must be no more than 15 characters'] : [];
  if (!/^[a-z0-9-]+$/.test(name)) problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

function checkPort(port: JsonObject, at: string, check: FieldCheck): void {
  const name = textAt(port, 'name');
  if (name !== '') check.named(`${at}.name`, name, serviceNameProblems);
  const number = port['containerPort'];
  if (number === 0 || number === undefined) check.required(`${at}.containerPort`, undefined);
  else check.port(`${at}.containerPort`, number);
  if (port['hostPort'] !== undefined && port['hostPort'] !== 0) check.port(`${at}.hostPort`, port['hostPort']);
  check.oneOf(`${at}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']);
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const HOOK_HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];

function checkLifecycle(lifecycle: JsonObject | undefined, at: string, { check, grace }: ContainerSurroundings): void {
  for (const hook of ['postStart', 'preStop']) {
    const handler = objectAt(lifecycle, hook);
    if (!handler) continue;
    checkHandler(handler, `${at}.${hook}`, { check, known: HOOK_HANDLERS });
    const seconds = numberAt(objectAt(handler, 'sleep'), 'seconds') ?? 0;
    if (seconds < 0 || seconds > grace)
      check.invalid(`${at}.${hook}.sleep`, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`);
  }
}

/** Whether a container starts again when it gets more or less: said once of each amount. */
function checkResizePolicy(container: JsonObject, at: string, check: FieldCheck): void {
  const rules = objectsAt(container, 'resizePolicy');
  check.unique(
    rules.map((rule) => textAt(rule, 'resourceName')),
    (index) => `${at}.resizePolicy[${index}]`,
  );
  for (const rule of rules) check.oneOf(`${at}.resizePolicy`, rule['restartPolicy'], ['NotRequired', 'RestartContainer']);
}

/** Exactly one way to do it. */
function checkHandler(from: JsonObject, at: string, { check, known }: { check: FieldCheck; known: readonly string[] }): void {
  const given = known.filter((handler) => from[handler] !== undefined);
  if (given.length === 0) check.required(at, undefined, 'must specify a handler type');
  for (const handler of given.slice(1)) check.forbidden(`${at}.${handler}`, 'may not specify more than 1 handler type');
  const target = objectAt(from, 'httpGet') ?? objectAt(from, 'tcpSocket');
  if (target) checkPortReference(target['port'], `${at}.${from['httpGet'] === undefined ? 'tcpSocket' : 'httpGet'}.port`, check);
  checkHttpGet(objectAt(from, 'httpGet'), `${at}.httpGet`, check);
  const command = objectAt(from, 'exec');
  if (command) check.required(`${at}.exec.command`, command['command']);
}

/** What holds for some probes only. */
function checkThresholds(probe: JsonObject, at: string, check: FieldCheck): void {
  const success = probe['successThreshold'];
  const grace = probe['terminationGracePeriodSeconds'];
  if (at.endsWith('readinessProbe')) {
    if (grace !== undefined) check.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes');
    return;
  }
  if (typeof success === 'number' && success !== 1) check.invalid(`${at}.successThreshold`, success, 'must be 1');
  check.positive(`${at}.terminationGracePeriodSeconds`, grace);
}

function checkProbe(probe: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!probe) return;
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']) {
    check.nonNegative(`${at}.${field}`, probe[field]);
  }
  checkHandler(probe, at, { check, known: HANDLERS });
  checkThresholds(probe, at, check);
}

/** A port by number or by name. */
export function checkPortReference(port: unknown, at: string, check: FieldCheck): void {
  if (typeof port === 'string') check.named(at, port, serviceNameProblems);
  else if (typeof port !== 'number' || port < 1 || port > 65535) check.invalid(at, typeof port === 'number' ? port : undefined, PORT_RANGE);
}
