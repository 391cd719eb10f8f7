import { isIP } from 'node:net';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, textAt, textsAt } from '../../json-read.ts';
import { duplicate, qualifiedNameProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const DAY = 86_400;

/** Who reaches a Service from where, and what of that only some types can say. */
export function checkReach(spec: JsonObject, check: FieldCheck): void {
  const type = textAt(spec, 'type');
  checkAffinity(spec, check);
  checkFamilies(spec, type, check);
  checkOutside(spec, type, check);
  check.oneOf('spec.trafficDistribution', spec['trafficDistribution'], DISTRIBUTIONS);
}

function checkAffinity(spec: JsonObject, check: FieldCheck): void {
  const seconds = numberAt(objectAt(spec, 'sessionAffinityConfig', 'clientIP'), 'timeoutSeconds');
  if (seconds === undefined || (seconds > 0 && seconds <= DAY)) return;
  check.invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, `must be greater than 0 and less than ${DAY}`);
}

function checkFamilies(spec: JsonObject, type: string, check: FieldCheck): void {
  const families = textsAt(spec, 'ipFamilies');
  for (const [index, family] of families.entries()) {
    const at = `spec.ipFamilies[${index}]`;
    check.oneOf(at, family, FAMILIES);
    if (families.indexOf(family) < index) check.add(duplicate(at, family));
  }
  if (type !== 'ExternalName') {
    check.oneOf('spec.ipFamilyPolicy', spec['ipFamilyPolicy'], ['PreferDualStack', 'RequireDualStack', 'SingleStack']);
    return;
  }
  if (textAt(spec, 'clusterIP') !== '' || textsAt(spec, 'clusterIPs').length > 0)
    check.forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
  if (families.length > 0) check.forbidden('spec.ipFamilies', 'may not be set for ExternalName services');
}

function checkHealthPort(spec: JsonObject, type: string, check: FieldCheck): void {
  const port = numberAt(spec, 'healthCheckNodePort') ?? 0;
  if (port !== 0 && !(type === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local'))
    check.invalid('spec.healthCheckNodePort', port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
}

/** What only services that are reached from outside have. */
function checkOutside(spec: JsonObject, type: string, check: FieldCheck): void {
  const policy = spec['externalTrafficPolicy'];
  const reachable = type === 'NodePort' || type === 'LoadBalancer' || textsAt(spec, 'externalIPs').length > 0;
  if (policy !== undefined && !reachable)
    check.invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services');
  checkHealthPort(spec, type, check);
  for (const [index, range] of textsAt(spec, 'loadBalancerSourceRanges').entries()) checkRange(range, index, check);
  if (type === 'LoadBalancer') {
    const driver = textAt(spec, 'loadBalancerClass');
    if (driver !== '') check.named('spec.loadBalancerClass', driver, (text) => qualifiedNameProblems(text, 'name part'));
    return;
  }
  for (const field of ['loadBalancerSourceRanges', 'loadBalancerClass', 'allocateLoadBalancerNodePorts'])
    if (spec[field] !== undefined) check.forbidden(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'");
}

function checkRange(range: string, index: number, check: FieldCheck): void {
  const [address = '', length = '', ...more] = range.trim().split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  const good = more.length === 0 && isIP(address) !== 0 && /^\d+$/.test(length) && Number(length) <= most;
  if (!good)
    check.invalid(`spec.LoadBalancerSourceRanges[${index}]`, range, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
}
