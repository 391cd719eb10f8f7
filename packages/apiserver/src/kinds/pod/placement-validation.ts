import { isIP } from 'node:net';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { labelValueProblems, notSupported, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkSelector } from '../workload/selector-check.ts';

const OPERATORS = ['Equal', 'Exists'];
// Known, but behind a feature gate that is off.
const ORDERED = ['Lt', 'Gt'];
const IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** Where a pod may run: tolerations, affinities, spread. */
export function checkPlacementRules(spec: JsonObject, at: string, check: FieldCheck): void {
  checkTolerations(objectsAt(spec, 'tolerations'), `${at}.tolerations`, check);
  const affinity = objectAt(spec, 'affinity');
  checkNodeAffinity(objectAt(affinity, 'nodeAffinity'), `${at}.affinity.nodeAffinity`, check);
  for (const kind of ['podAffinity', 'podAntiAffinity']) checkPodAffinity(objectAt(affinity, kind), `${at}.affinity.${kind}`, check);
  checkSpread(objectsAt(spec, 'topologySpreadConstraints'), `${at}.topologySpreadConstraints`, check);
}

/** What a pod, or a class of pods, tolerates. */
export function checkTolerations(tolerations: readonly JsonObject[], at: string, check: FieldCheck): void {
  for (const [index, one] of tolerations.entries()) checkToleration(one, `${at}[${index}]`, check);
}

function checkToleration(toleration: JsonObject, at: string, check: FieldCheck): void {
  const [key, operator, value] = ['key', 'operator', 'value'].map((field) => textAt(toleration, field));
  if (key) check.named(`${at}.key`, key, qualifiedNameProblems);
  else if (operator !== 'Exists') {
    check.invalid(`${at}.operator`, operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
  }
  const effect = textAt(toleration, 'effect');
  if (toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute') {
    check.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  checkOperator(operator ?? '', value ?? '', { at: `${at}.operator`, check });
  if (effect !== '') check.oneOf(`${at}.effect`, effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
}

function checkOperator(operator: string, value: string, { at, check }: { at: string; check: FieldCheck }): void {
  if (operator === 'Exists') {
    if (value) check.invalid(at, value, "value must be empty when `operator` is 'Exists'");
  } else if (operator === '' || operator === 'Equal') check.named(at, value, labelValueProblems);
  else check.add(notSupported(at, operator, ORDERED.includes(operator) ? [...OPERATORS, ...ORDERED] : OPERATORS));
}

function checkNodeAffinity(affinity: JsonObject | undefined, at: string, check: FieldCheck): void {
  const required = objectAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution');
  const terms = objectsAt(required, 'nodeSelectorTerms');
  const field = `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  if (required) check.required(field, terms, 'must have at least one node selector term');
  for (const [index, term] of terms.entries()) checkNodeTerm(term, `${field}[${index}]`, check);
  for (const [index, one] of objectsAt(affinity, 'preferredDuringSchedulingIgnoredDuringExecution').entries()) {
    const preferred = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    checkWeight(one, preferred, check);
    checkNodeTerm(objectAt(one, 'preference') ?? {}, `${preferred}.preference`, check);
  }
}

function checkWeight(term: JsonObject, at: string, check: FieldCheck): void {
  const weight = numberAt(term, 'weight') ?? 0;
  if (weight <= 0 || weight > 100) check.invalid(`${at}.weight`, weight, 'must be in the range 1-100');
}

function checkNodeTerm(term: JsonObject, at: string, check: FieldCheck): void {
  for (const [index, one] of objectsAt(term, 'matchExpressions').entries()) {
    const field = `${at}.matchExpressions[${index}]`;
    checkNodeExpression(one, field, check);
    check.named(`${field}.key`, textAt(one, 'key'), qualifiedNameProblems);
  }
}

function checkNodeExpression(expression: JsonObject, at: string, check: FieldCheck): void {
  const values = textsAt(expression, 'values');
  const operator = textAt(expression, 'operator');
  switch (operator) {
    case 'In':
    case 'NotIn':
      check.required(`${at}.values`, values, "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) check.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) check.required(`${at}.values`, undefined, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      check.invalid(`${at}.operator`, operator, 'not a valid selector operator');
  }
}

function checkPodAffinity(affinity: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const [index, term] of objectsAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution').entries()) {
    checkPodTerm(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, check);
  }
  for (const [index, one] of objectsAt(affinity, 'preferredDuringSchedulingIgnoredDuringExecution').entries()) {
    const preferred = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    checkWeight(one, preferred, check);
    checkPodTerm(objectAt(one, 'podAffinityTerm') ?? {}, `${preferred}.podAffinityTerm`, check);
  }
}

function checkPodTerm(term: JsonObject, at: string, check: FieldCheck): void {
  checkSelector(objectAt(term, 'labelSelector'), `${at}.labelSelector`, check);
  if (check.required(`${at}.topologyKey`, textAt(term, 'topologyKey'), 'can not be empty')) {
    check.named(`${at}.topologyKey`, textAt(term, 'topologyKey'), qualifiedNameProblems);
  }
}

function checkSpread(constraints: readonly JsonObject[], at: string, check: FieldCheck): void {
  for (const [index, one] of constraints.entries()) {
    const field = `${at}[${index}]`;
    const skew = numberAt(one, 'maxSkew') ?? 0;
    if (skew <= 0) check.invalid(`${field}.maxSkew`, skew, 'must be greater than zero');
    check.required(`${field}.topologyKey`, textAt(one, 'topologyKey'), 'can not be empty');
    check.oneOf(`${field}.whenUnsatisfiable`, textAt(one, 'whenUnsatisfiable'), ['DoNotSchedule', 'ScheduleAnyway']);
    checkSelector(objectAt(one, 'labelSelector'), `${field}.labelSelector`, check);
  }
  const pairs = constraints.map((one) => `{${textAt(one, 'topologyKey')}, ${textAt(one, 'whenUnsatisfiable')}}`);
  check.unique(pairs, (index) => `${at}[${index}].{topologyKey, whenUnsatisfiable}`);
}

/** How a pod finds names: aliases and resolvers. */
export function checkNameRules(spec: JsonObject, at: string, check: FieldCheck): void {
  for (const [index, alias] of objectsAt(spec, 'hostAliases').entries()) {
    const ip = textAt(alias, 'ip');
    if (isIP(ip) === 0) check.invalid(`${at}.hostAliases[${index}].ip`, ip, IP);
    for (const [number, name] of textsAt(alias, 'hostnames').entries())
      check.named(`${at}.hostAliases[${index}].hostnames[${number}]`, name, subdomainProblems);
  }
  const config = objectAt(spec, 'dnsConfig');
  const servers = textsAt(config, 'nameservers');
  if (textAt(spec, 'dnsPolicy') === 'None') {
    if (!config) check.required(`${at}.dnsConfig`, undefined, 'must provide `dnsConfig` when `dnsPolicy` is None');
    else check.required(`${at}.dnsConfig.nameservers`, servers, 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (servers.length > 3) check.invalid(`${at}.dnsConfig.nameservers`, servers, 'must not have more than 3 nameservers');
  for (const [index, server] of servers.entries()) {
    if (isIP(server) === 0) check.invalid(`${at}.dnsConfig.nameservers[${index}]`, server, IP);
  }
}
