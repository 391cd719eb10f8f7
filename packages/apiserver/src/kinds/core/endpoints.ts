import { isIP } from 'node:net';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

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
  for (const list of ['addresses', 'notReadyAddresses']) {
    for (const [index, address] of objectsAt(subset, list).entries()) {
      const ip = textAt(address, 'ip');
      if (isIP(ip) === 0) check.invalid(`${at}.${list}[${index}].ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
    }
  }
  for (const [index, port] of objectsAt(subset, 'ports').entries()) check.port(`${at}.ports[${index}].port`, port['port']);
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

/** EndpointSlices. */
export const endpointSlice: Strategy = {
  defaults(object) {
    for (const port of objectsAt(object, 'ports')) fill(port, { name: '', protocol: 'TCP' });
  },
  validate(object) {
    const check = new FieldCheck();
    const type = textAt(object, 'addressType');
    if (check.required('addressType', type)) check.oneOf('addressType', type, ['FQDN', 'IPv4', 'IPv6']);
    for (const [at, endpoint] of objectsAt(object, 'endpoints').entries()) {
      check.required(`endpoints[${at}].addresses`, textsAt(endpoint, 'addresses'), 'must contain at least 1 address');
    }
    return check.errors;
  },
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
