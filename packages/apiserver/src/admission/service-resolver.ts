import { isIPv6 } from 'node:net';
import type { JsonObject } from '../json.ts';
import { numberAt, objectsAt, textAt, textsAt, valueAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { ServiceResolver, WebhookHandler } from './webhook-call.ts';

/** Handlers of our own by `namespace/name` of their Service; every other Service leads to one of its ready endpoints. */
export function serviceResolver(reader: ObjectReader, own: ReadonlyMap<string, WebhookHandler>): ServiceResolver {
  return (service) => {
    const { namespace, name, port } = service;
    const handler = own.get(`${namespace}/${name}`);
    if (handler) return handler;
    const object = reader.get({ group: '', plural: 'services' }, name, namespace);
    const servicePort = objectsAt(object, 'spec', 'ports').find((one) => numberAt(one, 'port') === port);
    if (!servicePort) return undefined;
    return endpointOf(reader, namespace, name, servicePort);
  };
}

function endpointOf(reader: ObjectReader, namespace: string, name: string, servicePort: JsonObject): string | undefined {
  const slices = reader
    .list({ group: 'discovery.k8s.io', plural: 'endpointslices' }, namespace)
    .filter((slice) => textAt(slice, 'metadata', 'labels', 'kubernetes.io/service-name') === name);
  for (const slice of slices) {
    const port = objectsAt(slice, 'ports').find((one) => textAt(one, 'name') === textAt(servicePort, 'name'));
    const ready = objectsAt(slice, 'endpoints').find((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false);
    const address = textsAt(ready, 'addresses')[0];
    const number = numberAt(port, 'port');
    if (address && number) return `${isIPv6(address) ? `[${address}]` : address}:${number}`;
  }
  return undefined;
}
