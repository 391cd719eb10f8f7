import { isIP } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { duplicate, jsonEqual, labelProblems, Printed, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, mapText, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, PORT_RANGE } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { addressProblems } from '../network/address.ts';
import { serviceNameProblems } from '../pod/container-validation.ts';
import { checkLabelMap } from '../pod/pod-validation.ts';
import type { Strategy } from '../strategy.ts';
import { checkLoadBalancer } from './load-balancer-status.ts';
import { checkReach } from './service-reach.ts';
import { nonSpecialProblems } from './special-addresses.ts';

const reachesOut = (type: string) => type === 'NodePort' || type === 'LoadBalancer';

function defaults(service: JsonObject): void {
  const spec = part(service, 'spec');
  fill(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
  if (spec['sessionAffinity'] === 'ClientIP') fill(part(part(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10800 });
  else delete spec['sessionAffinityConfig'];
  for (const port of objectsAt(spec, 'ports')) {
    fill(port, { protocol: 'TCP' });
    // Zero is what the wire has for "not said".
    if (port['targetPort'] === 0 || port['targetPort'] === '' || port['targetPort'] === undefined) port['targetPort'] = port['port'] ?? 0;
  }
  const type = textAt(spec, 'type');
  if (type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (reachesOut(type)) fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const ingress of objectsAt(service, 'status', 'loadBalancer', 'ingress'))
    if (textAt(ingress, 'ip') !== '') fill(ingress, { ipMode: 'VIP' });
}

/** What a change of type leaves behind. */
function dropForeign(service: JsonObject, old: JsonObject | undefined): void {
  const spec = part(service, 'spec');
  const type = textAt(spec, 'type');
  const was = textAt(old, 'spec', 'type');
  if (!old || type === was) return;
  if (type === 'ExternalName') delete spec['internalTrafficPolicy'];
  if (was === 'ExternalName') delete spec['externalName'];
  if (!reachesOut(type)) for (const field of ['externalTrafficPolicy', 'healthCheckNodePort']) delete spec[field];
  if (type !== 'LoadBalancer') for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) delete spec[field];
  if (was === 'LoadBalancer') service['status'] = { loadBalancer: {} };
}

/** A port as a complaint about it shows it. */
function listed(port: JsonObject): Printed {
  const shown = {
    Name: '',
    Protocol: textAt(port, 'protocol'),
    AppProtocol: null,
    Port: numberAt(port, 'port') ?? 0,
    TargetPort: 0,
    NodePort: 0,
  };
  return new Printed(JSON.stringify(shown));
}

function checkPorts(spec: JsonObject, check: FieldCheck): void {
  const ports = objectsAt(spec, 'ports');
  const several = ports.length > 1;
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') check.named(`${at}.name`, name, labelProblems);
    else if (several) check.required(`${at}.name`, undefined);
    check.port(`${at}.port`, port['port'] ?? 0);
    check.oneOf(`${at}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']);
    const target = port['targetPort'];
    if (typeof target === 'string') check.named(`${at}.targetPort`, target, serviceNameProblems);
    else if (typeof target !== 'number' || target < 1 || target > 65535) check.invalid(`${at}.targetPort`, target, PORT_RANGE);
    const same = ports.findIndex((one) => one['port'] === port['port'] && one['protocol'] === port['protocol']);
    if (same < index) check.add(duplicate(at, listed(port)));
    const protocol = textAt(port, 'appProtocol');
    if (protocol !== '') check.named(`${at}.appProtocol`, protocol, (text) => qualifiedNameProblems(text, 'name part'));
  }
  check.unique(
    ports.map((port) => textAt(port, 'name')),
    (index) => `spec.ports[${index}].name`,
  );
}

function checkAddresses(spec: JsonObject, check: FieldCheck): void {
  const [first = ''] = textsAt(spec, 'clusterIPs');
  const address = textAt(spec, 'clusterIP') || first;
  if (address !== '' && address !== 'None') check.named('spec.clusterIPs[0]', address, addressProblems);
  for (const [index, external] of textsAt(spec, 'externalIPs').entries()) {
    const at = `spec.externalIPs[${index}]`;
    check.named(at, external, isIP(external) === 0 ? addressProblems : nonSpecialProblems);
  }
}

function validate(service: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(service, 'spec') ?? {};
  const type = textAt(spec, 'type');
  const headless = textAt(spec, 'clusterIP') === 'None';
  if (type !== 'ExternalName' && !headless) check.required('spec.ports', objectsAt(spec, 'ports'));
  checkPorts(spec, check);
  for (const [index, port] of objectsAt(spec, 'ports').entries()) {
    if (type === 'ClusterIP' && port['nodePort'])
      check.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  }
  check.oneOf('spec.type', type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  check.oneOf('spec.sessionAffinity', spec['sessionAffinity'], ['ClientIP', 'None']);
  check.oneOf('spec.externalTrafficPolicy', spec['externalTrafficPolicy'], ['Cluster', 'Local']);
  check.oneOf('spec.internalTrafficPolicy', spec['internalTrafficPolicy'], ['Cluster', 'Local']);
  checkLabelMap(objectAt(spec, 'selector'), 'spec.selector', check);
  if (type === 'ExternalName') {
    const name = textAt(spec, 'externalName').replace(/\.$/, '');
    if (check.required('spec.externalName', name)) check.named('spec.externalName', name, subdomainProblems);
  }
  if (headless && reachesOut(type)) check.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`);
  checkAddresses(spec, check);
  checkReach(spec, check);
  return check.errors;
}

function validateUpdate(service: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const named = (of: JsonObject) => textAt(of, 'spec', 'type') === 'ExternalName';
  const had = textsAt(old, 'spec', 'clusterIPs');
  const has = textsAt(service, 'spec', 'clusterIPs');
  if (!named(service) && !named(old) && had.length > 0 && !jsonEqual(had[0], has[0])) {
    check.invalid('spec.clusterIPs[0]', has, 'may not change once set');
  }
  return check.errors;
}

function externalText(service: JsonObject): string {
  const spec = objectAt(service, 'spec');
  const given = textsAt(spec, 'externalIPs');
  switch (textAt(spec, 'type')) {
    case 'ExternalName':
      return textAt(spec, 'externalName');
    case 'LoadBalancer': {
      const ingress = objectsAt(service, 'status', 'loadBalancer', 'ingress').map((one) => textAt(one, 'ip') || textAt(one, 'hostname'));
      return [...ingress, ...given].join(',') || '<pending>';
    }
    default:
      return given.join(',') || NONE;
  }
}

function portsText(service: JsonObject): string {
  const ports = objectsAt(service, 'spec', 'ports').map((port) => {
    const node = numberAt(port, 'nodePort') ?? 0;
    return `${numberAt(port, 'port') ?? 0}${node > 0 ? `:${node}` : ''}/${textAt(port, 'protocol')}`;
  });
  return ports.length === 0 ? NONE : ports.join(',');
}

const HINTS = 'service.kubernetes.io/topology-aware-hints';

function warnings(object: JsonObject, old: JsonObject | undefined): string[] {
  const spec = objectAt(object, 'spec');
  const told: string[] = [];
  if (textAt(spec, 'type') !== 'ExternalName' && textAt(spec, 'externalName') !== '')
    told.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (mapAt(object, 'metadata', 'annotations')[HINTS] !== undefined && mapAt(old, 'metadata', 'annotations')[HINTS] === undefined)
    told.push(`annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  if (textsAt(spec, 'externalIPs').length > 0)
    told.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (textAt(spec, 'clusterIP') === 'None' && textAt(spec, 'sessionAffinity') === 'ClientIP')
    told.push('spec.SessionAffinity is ignored for headless services');
  if (textAt(spec, 'trafficDistribution') === 'PreferClose' && textAt(old, 'spec', 'trafficDistribution') !== 'PreferClose')
    told.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return told;
}

/** Services. Addresses and node ports are given out by admission. */
export const service: Strategy = {
  warnings,
  defaults,
  prepare: dropForeign,
  validate,
  validateUpdate,
  validateStatus(object) {
    const check = new FieldCheck();
    checkLoadBalancer(object, objectsAt(object, 'status', 'loadBalancer', 'ingress'), check);
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Type', (object) => textAt(object, 'spec', 'type')),
    textColumn('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') || NONE),
    textColumn('External-IP', externalText),
    textColumn('Port(s)', portsText),
    AGE_TEXT,
    textColumn('Selector', (object) => mapText(isObject(object['spec']) ? object['spec']['selector'] : undefined), 1),
  ],
  fieldSelectors: {
    'spec.clusterIP': (object) => textAt(object, 'spec', 'clusterIP'),
    'spec.type': (object) => textAt(object, 'spec', 'type'),
  },
};
