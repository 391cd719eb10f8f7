import { isIP } from 'node:net';
import type { JsonObject } from '../../json.ts';
import { objectAt, textAt } from '../../json-read.ts';
import { subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { addressProblems } from '../network/address.ts';

const MODES = ['Proxy', 'VIP'];

/** Where a load balancer says that it answers: an address or a name. */
export function checkIngressPoint(point: JsonObject, at: string, check: FieldCheck): void {
  const [address, host, mode] = [textAt(point, 'ip'), textAt(point, 'hostname'), textAt(point, 'ipMode')];
  if (address !== '') check.named(`${at}.ip`, address, addressProblems);
  if (address !== '' && mode !== '') check.oneOf(`${at}.ipMode`, mode, MODES);
  if (address === '' && mode !== '') check.forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set');
  if (host === '') return;
  check.named(`${at}.hostname`, host, subdomainProblems);
  if (isIP(host) !== 0) check.invalid(`${at}.hostname`, host, 'must be a DNS name, not an IP address');
}

/** What a Service tells of its load balancer. */
export function checkLoadBalancer(service: JsonObject, points: readonly JsonObject[], check: FieldCheck): void {
  const at = 'status.loadBalancer.ingress';
  if (points.length > 0 && textAt(objectAt(service, 'spec'), 'type') !== 'LoadBalancer')
    check.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'");
  else for (const [index, point] of points.entries()) checkIngressPoint(point, `${at}[${index}]`, check);
}
