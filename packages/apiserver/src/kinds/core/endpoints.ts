import { isIP } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { duplicate, labelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems, tooMany } from '../../schema/index.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill } from '../fill.ts';
import { addressProblems } from '../network/address.ts';
import type { Strategy } from '../strategy.ts';
import { nonSpecialProblems } from './special-addresses.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** Most addresses that a cell shows. */
const SHOWN = 3;

function limited(all: readonly string[], unset: string): string {
  if (all.length === 0) return unset;
  const more = all.length - SHOWN;
  return more > 0 ? `${all.slice(0, SHOWN).join(',')} + ${more} more...` : all.join(',');
}

function endpointsText(endpoints: JsonObject): string {
  const all = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const addresses = objectsAt(subset, 'addresses').map((address) => textAt(address, 'ip'));
    const ports = objectsAt(subset, 'ports').map((port) => numberAt(port, 'port') ?? 0);
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)));
  });
  return limited(all, NONE);
}

function checkSubset(subset: JsonObject, at: string, check: FieldCheck): void {
  const lists = ['addresses', 'notReadyAddresses'];
  if (lists.every((list) => objectsAt(subset, list).length === 0))
    check.required(at, undefined, 'must specify `addresses` or `notReadyAddresses`');
  for (const list of lists)
    for (const [index, address] of objectsAt(subset, list).entries()) checkAddress(address, `${at}.${list}[${index}]`, check);
  const ports = objectsAt(subset, 'ports');
  for (const [index, port] of ports.entries()) {
    const field = `${at}.ports[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') check.named(`${field}.name`, name, labelProblems);
    else if (ports.length > 1) check.required(`${field}.name`, undefined);
    check.port(`${field}.port`, port['port'] ?? 0);
    check.oneOf(`${field}.protocol`, port['protocol'], PROTOCOLS);
    checkAppProtocol(port, field, check);
  }
}

function checkAddress(address: JsonObject, at: string, check: FieldCheck): void {
  const ip = textAt(address, 'ip');
  const host = textAt(address, 'hostname');
  if (isIP(ip) === 0) check.invalid(`${at}.ip`, ip, ADDRESS);
  if (host !== '') check.named(`${at}.hostname`, host, labelProblems);
  const node = address['nodeName'];
  if (typeof node === 'string') check.named(`${at}.nodeName`, node, subdomainProblems);
  if (isIP(ip) === 0) check.invalid(`${at}.ip`, ip, 'must be a valid IP address');
  else check.named(`${at}.ip`, ip, nonSpecialProblems);
}

function checkAppProtocol(port: JsonObject, at: string, check: FieldCheck): void {
  const protocol = port['appProtocol'];
  if (typeof protocol === 'string') check.named(`${at}.appProtocol`, protocol, (text) => qualifiedNameProblems(text, 'name part'));
}

/** Endpoints: the older form of EndpointSlices. */
export const endpoints: Strategy = {
  defaults(object) {
    for (const subset of objectsAt(object, 'subsets')) for (const port of objectsAt(subset, 'ports')) fill(port, { protocol: 'TCP' });
  },
  validate(object) {
    const check = new FieldCheck();
    for (const [at, subset] of objectsAt(object, 'subsets').entries()) checkSubset(subset, `subsets[${at}]`, check);
    return check.errors;
  },
  columns: [NAME, textColumn('Endpoints', endpointsText), AGE_TEXT],
};

const MOST = { endpoints: 1000, addresses: 100, ports: 100, zones: 8, nodes: 8 };

function validateSlice(slice: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const type = textAt(slice, 'addressType');
  if (check.required('addressType', type)) check.oneOf('addressType', type, ['FQDN', 'IPv4', 'IPv6']);
  const ports = objectsAt(slice, 'ports');
  if (ports.length > MOST.ports) check.add(tooMany('ports', ports.length, MOST.ports));
  else checkSlicePorts(ports, check);
  const endpoints = objectsAt(slice, 'endpoints');
  if (endpoints.length > MOST.endpoints) check.add(tooMany('endpoints', endpoints.length, MOST.endpoints));
  else for (const [index, endpoint] of endpoints.entries()) checkEndpoint(endpoint, { at: `endpoints[${index}]`, type }, check);
  return check.errors;
}

function checkSlicePorts(ports: readonly JsonObject[], check: FieldCheck): void {
  const names = ports.map((port) => textAt(port, 'name'));
  for (const [index, port] of ports.entries()) {
    const at = `ports[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') check.named(`${at}.name`, name, labelProblems);
    if (names.indexOf(name) < index) check.add(duplicate(`${at}.name`, name));
    check.oneOf(`${at}.protocol`, port['protocol'], PROTOCOLS);
    checkAppProtocol(port, at, check);
  }
}

function checkEndpoint(endpoint: JsonObject, { at, type }: { at: string; type: string }, check: FieldCheck): void {
  const addresses = textsAt(endpoint, 'addresses');
  if (addresses.length > MOST.addresses) check.add(tooMany(`${at}.addresses`, addresses.length, MOST.addresses));
  check.required(`${at}.addresses`, addresses, 'must contain at least 1 address');
  for (const [index, address] of addresses.entries()) checkOfType(address, { at: `${at}.addresses`, index, type }, check);
  const node = endpoint['nodeName'];
  if (typeof node === 'string') check.named(`${at}.nodeName`, node, subdomainProblems);
  const host = endpoint['hostname'];
  if (typeof host === 'string') check.named(`${at}.hostname`, host, labelProblems);
  checkHints(objectAt(endpoint, 'hints'), `${at}.hints`, check);
}

function checkOfType(address: string, { at, index, type }: { at: string; index: number; type: string }, check: FieldCheck): void {
  const field = `${at}[${index}]`;
  if (type === 'FQDN') {
    const name = address.replace(/\.$/, '');
    if (name === '') check.required(field, undefined);
    else if (subdomainProblems(name).length > 0) check.named(field, address, () => subdomainProblems(name));
    else if (!name.includes('.')) check.invalid(field, address, 'should be a domain with at least two segments separated by dots');
    return;
  }
  const family = isIP(address);
  if (family === 0) check.named(field, address, addressProblems);
  else if (type === 'IPv4' || type === 'IPv6') {
    if (`IPv${family}` !== type) check.invalid(at, address, `must be an ${type} address`);
    check.named(field, address, nonSpecialProblems);
  }
}

function checkHints(hints: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const [list, most, problems] of [
    ['forZones', MOST.zones, labelValueProblems],
    ['forNodes', MOST.nodes, subdomainProblems],
  ] as const) {
    const names = objectsAt(hints, list).map((one) => textAt(one, 'name'));
    if (names.length > most) {
      check.add(tooMany(`${at}.${list}`, names.length, most));
      return;
    }
    for (const [index, name] of names.entries()) {
      const field = `${at}.${list}[${index}].name`;
      if (names.indexOf(name) < index) check.add(duplicate(field, name));
      check.named(field, name, problems);
    }
  }
}

/** EndpointSlices. */
export const endpointSlice: Strategy = {
  defaults(object) {
    for (const port of objectsAt(object, 'ports')) fill(port, { name: '', protocol: 'TCP' });
  },
  prepare(object, old) {
    if (old) return;
    for (const endpoint of objectsAt(object, 'endpoints')) delete endpoint['deprecatedTopology'];
  },
  warnings: (object) => (textAt(object, 'addressType') === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
  validate: validateSlice,
  validateUpdate(object, old) {
    const check = new FieldCheck();
    const type = textAt(object, 'addressType');
    if (type !== textAt(old, 'addressType')) check.invalid('addressType', type, 'field is immutable');
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('AddressType', (object) => textAt(object, 'addressType')),
    textColumn('Ports', (object) =>
      limited(
        objectsAt(object, 'ports').map((port) => String(numberAt(port, 'port') ?? '*')),
        '<unset>',
      ),
    ),
    textColumn('Endpoints', (object) =>
      limited(
        objectsAt(object, 'endpoints').flatMap((endpoint) => textsAt(endpoint, 'addresses')),
        '<unset>',
      ),
    ),
    AGE_TEXT,
  ],
};
