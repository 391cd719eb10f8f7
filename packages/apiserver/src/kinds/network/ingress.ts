import { isIP } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { labelProblems, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { checkIngressPoint } from '../core/load-balancer-status.ts';
import { FieldCheck } from '../field-check.ts';
import { serviceNameProblems } from '../pod/container-validation.ts';
import type { Strategy } from '../strategy.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric " +
  "characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is " +
  "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function checkHost(host: string, at: string, check: FieldCheck): void {
  if (host === '') return;
  if (isIP(host) !== 0) check.invalid(at, host, 'must be a DNS name, not an IP address');
  else if (host.startsWith('*.')) check.named(at, host.slice(2), subdomainProblems);
  else if (host.includes('*')) check.invalid(at, host, WILDCARD);
  else check.named(at, host, subdomainProblems);
}

function checkBackend(backend: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!backend) return;
  const service = objectAt(backend, 'service');
  const resource = objectAt(backend, 'resource');
  if (service && resource) check.invalid(at, '', 'cannot set both resource and service backends');
  else if (!service && !resource) check.invalid(at, '', 'resource or service backend is required');
  else if (service) checkService(service, at, check);
}

function checkService(service: JsonObject, at: string, check: FieldCheck): void {
  const name = textAt(service, 'name');
  if (check.required(`${at}.service.name`, name)) check.named(`${at}.service.name`, name, labelProblems);
  const number = numberAt(service, 'port', 'number') ?? 0;
  const portName = textAt(service, 'port', 'name');
  if (number !== 0 && portName !== '') check.invalid(at, '', 'cannot set both port name & port number');
  else if (portName !== '') check.named(`${at}.service.port.name`, portName, serviceNameProblems);
  else if (number !== 0) check.port(`${at}.service.port.number`, number);
  else check.required(at, undefined, 'port name or number is required');
}

const UNCLEAN = ['//', '/./', '/../', '%2f', '%2F'];
const UNCLEAN_ENDS = ['/..', '/.'];

function checkPath(path: JsonObject, at: string, check: FieldCheck): void {
  const type = path['pathType'];
  const text = textAt(path, 'path');
  if (!check.required(`${at}.pathType`, type, 'pathType must be specified')) {
    checkBackend(objectAt(path, 'backend'), `${at}.backend`, check);
    return;
  }
  check.oneOf(`${at}.pathType`, type, ['Exact', 'ImplementationSpecific', 'Prefix']);
  if (type === 'Exact' || type === 'Prefix') {
    if (!text.startsWith('/')) check.invalid(`${at}.path`, text, 'must be an absolute path');
    for (const part of UNCLEAN) if (text.includes(part)) check.invalid(`${at}.path`, text, `must not contain '${part}'`);
    for (const end of UNCLEAN_ENDS) if (text.endsWith(end)) check.invalid(`${at}.path`, text, `cannot end with '${end}'`);
  } else if (type === 'ImplementationSpecific' && text !== '' && !text.startsWith('/')) {
    check.invalid(`${at}.path`, text, 'must be an absolute path');
  }
  checkBackend(objectAt(path, 'backend'), `${at}.backend`, check);
}

function validate(ingress: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(ingress, 'spec');
  const rules = objectsAt(spec, 'rules');
  if (rules.length === 0 && !objectAt(spec, 'defaultBackend')) {
    // What was given is nothing that could be shown.
    check.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified');
  }
  checkBackend(objectAt(spec, 'defaultBackend'), 'spec.defaultBackend', check);
  for (const [index, rule] of rules.entries()) {
    const at = `spec.rules[${index}]`;
    checkHost(textAt(rule, 'host'), `${at}.host`, check);
    const http = objectAt(rule, 'http');
    if (!http) continue;
    const paths = objectsAt(http, 'paths');
    check.required(`${at}.http.paths`, paths);
    for (const [at2, path] of paths.entries()) checkPath(path, `${at}.http.paths[${at2}]`, check);
  }
  for (const [index, tls] of objectsAt(spec, 'tls').entries()) {
    for (const [at, host] of textsAt(tls, 'hosts').entries()) checkHost(host, `spec.tls[${index}].hosts[${at}]`, check);
    const secret = textAt(tls, 'secretName');
    if (secret !== '') check.named(`spec.tls[${index}].secretName`, secret, subdomainProblems);
  }
  const name = spec?.['ingressClassName'];
  if (typeof name === 'string') check.named('spec.ingressClassName', name, subdomainProblems);
  return check.errors;
}

const addressText = (ingress: JsonObject) =>
  objectsAt(ingress, 'status', 'loadBalancer', 'ingress')
    .map((one) => textAt(one, 'ip') || textAt(one, 'hostname'))
    .join(',');

function hostsText(ingress: JsonObject): string {
  const hosts = objectsAt(ingress, 'spec', 'rules').map((rule) => textAt(rule, 'host'));
  const named = hosts.filter((host) => host !== '');
  if (named.length === 0) return '*';
  const more = named.length - 3;
  return more > 0 ? `${named.slice(0, 3).join(',')} + ${more} more...` : named.join(',');
}

/** Who names the class twice says the same. */
function validateCreate(ingress: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const older = mapAt(ingress, 'metadata', 'annotations')[CLASS_ANNOTATION];
  const name = objectAt(ingress, 'spec')?.['ingressClassName'];
  if (older !== undefined && typeof name === 'string' && older !== name)
    check.invalid(`annotations.${CLASS_ANNOTATION}`, older, 'must match `ingressClassName` when both are specified');
  return check.errors;
}

function validateStatus(ingress: JsonObject): FieldError[] {
  const check = new FieldCheck();
  for (const [index, point] of objectsAt(ingress, 'status', 'loadBalancer', 'ingress').entries())
    checkIngressPoint(point, `status.loadBalancer.ingress[${index}]`, check);
  return check.errors;
}

/** Ingresses. */
export const ingress: Strategy = {
  warnings(object, old) {
    if (old || mapAt(object, 'metadata', 'annotations')[CLASS_ANNOTATION] === undefined) return [];
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
  validate,
  validateCreate,
  validateStatus,
  columns: [
    NAME,
    textColumn(
      'Class',
      (object) => textAt(object, 'spec', 'ingressClassName') || mapAt(object, 'metadata', 'annotations')[CLASS_ANNOTATION] || NONE,
    ),
    textColumn('Hosts', hostsText),
    textColumn('Address', addressText),
    textColumn('Ports', (object) => (objectsAt(object, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
    AGE_TEXT,
  ],
};

/** IngressClasses. */
export const ingressClass: Strategy = {
  validate(object) {
    const check = new FieldCheck();
    check.required('spec.controller', textAt(object, 'spec', 'controller'));
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Controller', (object) => textAt(object, 'spec', 'controller')),
    textColumn('Parameters', (object) => {
      const parameters = objectAt(object, 'spec', 'parameters');
      if (!parameters) return NONE;
      const group = textAt(parameters, 'apiGroup');
      return `${textAt(parameters, 'kind')}${group === '' ? '' : `.${group}`}/${textAt(parameters, 'name')}`;
    }),
    AGE_TEXT,
  ],
};
