import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { AGE_TEXT, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { checkPortReference } from '../pod/container-validation.ts';
import type { Strategy } from '../strategy.ts';
import { checkSelector } from '../workload/selector-check.ts';
import { cidrContains, cidrProblems, isCidr } from './cidr.ts';

const DIRECTIONS = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

function defaults(policy: JsonObject): void {
  const spec = part(policy, 'spec');
  for (const [direction] of DIRECTIONS) {
    for (const rule of objectsAt(spec, direction)) for (const port of objectsAt(rule, 'ports')) fill(port, { protocol: 'TCP' });
  }
  if (textsAt(spec, 'policyTypes').length === 0)
    spec['policyTypes'] = objectsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function checkPort(port: JsonObject, at: string, check: FieldCheck): void {
  check.oneOf(`${at}.protocol`, port['protocol'], ['TCP', 'UDP', 'SCTP']);
  const number = port['port'];
  if (number !== undefined) checkPortReference(number, `${at}.port`, check);
  const end = port['endPort'];
  if (typeof end !== 'number') return;
  if (number === undefined) check.invalid(`${at}.endPort`, end, 'may not be specified when `port` is not specified');
  else if (typeof number === 'string') check.invalid(`${at}.endPort`, end, 'may not be specified when `port` is non-numeric');
  else if (typeof number === 'number' && end < number) check.invalid(`${at}.endPort`, number, 'must be greater than or equal to `port`');
}

function checkPeer(peer: JsonObject, at: string, check: FieldCheck): void {
  const kinds = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((kind) => peer[kind] !== undefined);
  if (kinds.length === 0) check.required(at, undefined, 'must specify a peer');
  if (kinds.length > 1 && kinds.includes('ipBlock')) check.forbidden(at, 'may not specify both ipBlock and another peer');
  for (const kind of ['podSelector', 'namespaceSelector']) checkSelector(objectAt(peer, kind), `${at}.${kind}`, check);
  const block = objectAt(peer, 'ipBlock');
  if (block) checkBlock(block, `${at}.ipBlock`, check);
}

function checkBlock(block: JsonObject, at: string, check: FieldCheck): void {
  const range = textAt(block, 'cidr');
  if (!check.required(`${at}.cidr`, range)) return;
  check.named(`${at}.cidr`, range, cidrProblems);
  if (!isCidr(range)) return;
  for (const [index, except] of textsAt(block, 'except').entries()) {
    check.named(`${at}.except[${index}]`, except, cidrProblems);
    if (isCidr(except) && !cidrContains(range, except))
      check.invalid(`${at}.except[${index}]`, except, 'must be a strict subset of `cidr`');
  }
}

function validate(policy: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(policy, 'spec') ?? {};
  checkSelector(objectAt(spec, 'podSelector'), 'spec.podSelector', check);
  for (const [direction, peers] of DIRECTIONS) {
    for (const [index, rule] of objectsAt(spec, direction).entries()) {
      const at = `spec.${direction}[${index}]`;
      for (const [place, port] of objectsAt(rule, 'ports').entries()) checkPort(port, `${at}.ports[${place}]`, check);
      for (const [place, peer] of objectsAt(rule, peers).entries()) checkPeer(peer, `${at}.${peers}[${place}]`, check);
    }
  }
  const types = textsAt(spec, 'policyTypes');
  if (types.length > 2) {
    check.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes');
    return check.errors;
  }
  for (const [index, type] of types.entries()) check.oneOf(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']);
  return check.errors;
}

/** NetworkPolicies. */
export const networkPolicy: Strategy = {
  defaults,
  validate,
  columns: [
    NAME,
    textColumn('Pod-Selector', (object) => selectorText(isObject(object['spec']) ? object['spec']['podSelector'] : undefined)),
    AGE_TEXT,
  ],
};
