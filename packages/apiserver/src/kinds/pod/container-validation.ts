import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { PORT_RANGE } from '../field-check.ts';
import { checkFieldReference } from './field-reference.ts';
import { checkContainerResources } from './resource-validation.ts';
import { checkContainerSecurity } from './security-validation.ts';

/** What the containers of one pod have in common. */
export interface ContainerSurroundings {
  readonly check: FieldCheck;
  readonly volumes: ReadonlySet<string>;
}

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
  checkImage(textAt(container, 'image'), `${at}.image`, check);
  check.oneOf(`${at}.imagePullPolicy`, container['imagePullPolicy'], ['Always', 'IfNotPresent', 'Never']);
  check.oneOf(`${at}.terminationMessagePolicy`, container['terminationMessagePolicy'], ['File', 'FallbackToLogsOnError']);
  for (const [index, port] of objectsAt(container, 'ports').entries()) checkPort(port, `${at}.ports[${index}]`, check);
  check.unique(
    objectsAt(container, 'ports').map((port) => textAt(port, 'name')),
    (index) => `${at}.ports[${index}].name`,
  );
  for (const [index, env] of objectsAt(container, 'env').entries()) checkEnv(env, `${at}.env[${index}]`, check);
  checkMounts(container, at, around);
  checkContainerResources(objectAt(container, 'resources'), `${at}.resources`, check);
  checkContainerSecurity(objectAt(container, 'securityContext'), `${at}.securityContext`, check);
  checkLifecycle(objectAt(container, 'lifecycle'), `${at}.lifecycle`, check);
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) checkProbe(objectAt(container, probe), `${at}.${probe}`, check);
}

function checkImage(image: string, at: string, check: FieldCheck): void {
  if (check.required(at, image) && image.trim() !== image) check.invalid(at, image, 'must not have leading or trailing whitespace');
}

const IANA = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Why a text is no name of a service by IANA's rules. */
export function serviceNameProblems(name: string): string[] {
  const problems = name.length > 15 ? ['must be no more than 15 characters'] : [];
  if (!/^[a-z0-9-]+$/.test(name)) problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  else if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  else if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  else if (!IANA.test(name)) problems.push('must not begin or end with a hyphen');
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

function checkEnv(env: JsonObject, at: string, check: FieldCheck): void {
  const name = textAt(env, 'name');
  if (check.required(`${at}.name`, name) && !/^[ -<>-~]+$/.test(name)) {
    check.invalid(`${at}.name`, name, "a valid environment variable name must consist only of printable ASCII characters other than '='");
  }
  const from = objectAt(env, 'valueFrom');
  if (!from) return;
  checkFieldReference(objectAt(from, 'fieldRef'), `${at}.valueFrom.fieldRef`, check);
  if (textAt(env, 'value') !== '') check.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
  const sources = Object.keys(from).length;
  if (sources === 0)
    check.invalid(`${at}.valueFrom`, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
  if (sources > 1) check.invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time');
}

function checkMounts(container: JsonObject, at: string, { check, volumes }: ContainerSurroundings): void {
  const mounts = objectsAt(container, 'volumeMounts');
  for (const [index, mount] of mounts.entries()) {
    const field = `${at}.volumeMounts[${index}]`;
    const name = textAt(mount, 'name');
    if (check.required(`${field}.name`, name) && !volumes.has(name)) check.notFound(`${field}.name`, name);
    check.required(`${field}.mountPath`, textAt(mount, 'mountPath'));
    const inside = textAt(mount, 'subPath');
    if (inside.startsWith('/')) check.invalid(`${field}.subPath`, inside, 'must be a relative path');
    if (inside.split('/').includes('..')) check.invalid(`${field}.subPath`, inside, "must not contain '..'");
  }
  for (const [index, mount] of mounts.entries()) {
    const path = textAt(mount, 'mountPath');
    const twice = mounts.findIndex((one) => textAt(one, 'mountPath') === path) < index;
    if (path !== '' && twice) check.invalid(`${at}.volumeMounts[${index}].mountPath`, path, 'must be unique');
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const HOOK_HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];

function checkLifecycle(lifecycle: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const hook of ['postStart', 'preStop']) {
    const handler = objectAt(lifecycle, hook);
    if (handler) checkHandler(handler, `${at}.${hook}`, { check, known: HOOK_HANDLERS });
  }
}

/** Exactly one way to do it. */
function checkHandler(from: JsonObject, at: string, { check, known }: { check: FieldCheck; known: readonly string[] }): void {
  const given = known.filter((handler) => from[handler] !== undefined);
  if (given.length === 0) check.required(at, undefined, 'must specify a handler type');
  for (const handler of given.slice(1)) check.forbidden(`${at}.${handler}`, 'may not specify more than 1 handler type');
  const target = objectAt(from, 'httpGet') ?? objectAt(from, 'tcpSocket');
  if (target) checkPortReference(target['port'], `${at}.${from['httpGet'] === undefined ? 'tcpSocket' : 'httpGet'}.port`, check);
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
