import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { hasCode, type Logger, messageOf } from '@crownlabs/std';
import type { Listener } from './http/listen.ts';
import type { JsonObject } from './json.ts';
import { valueAt } from './json-read.ts';
import type { ObjectReader, ObjectWriter } from './object-reader.ts';
import { jsonEqual } from './schema/index.ts';

const NAME = 'kubernetes';
const SERVICES = '/api/v1/namespaces/default/services';
const ENDPOINTS = '/api/v1/namespaces/default/endpoints';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

/** Where the API listens, and the address that its Service is to have. */
export interface Advertised {
  readonly listener: Pick<Listener, 'host' | 'port'>;
  readonly clusterIp: string;
  readonly log: Logger;
}

/**
 * Keeps the Service `kubernetes` in `default`, and its endpoints, at where the API listens, as kube-apiserver does. A failure is
 * logged: nobody waits for it.
 */
export async function advertise(writer: ObjectWriter, reader: ObjectReader, { listener, clusterIp, log }: Advertised): Promise<void> {
  const { host, port } = listener;
  const ip = reachable(host);
  try {
    await ensureService(writer, reader, { clusterIp, port });
    if (ip === undefined) return;
    await ensure(writer, reader.get({ group: '', plural: 'endpoints' }, NAME, 'default'), { path: ENDPOINTS, object: endpoints(ip, port) });
    const slice = reader.get({ group: 'discovery.k8s.io', plural: 'endpointslices' }, NAME, 'default');
    await ensure(writer, slice, { path: SLICES, object: endpointSlice(ip, port) });
  } catch (error) {
    log.warn('The Service kubernetes could not be written', { error: messageOf(error) });
  }
}

/** The address bound to; where that is none for others, one of the machine, because loopback addresses are no endpoints. */
function reachable(host: string): string | undefined {
  if (isIPv4(host) && host !== '0.0.0.0' && !host.startsWith('127.')) return host;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

async function ensureService(
  writer: ObjectWriter,
  reader: ObjectReader,
  { clusterIp, port }: { clusterIp: string; port: number },
): Promise<void> {
  const found = reader.get({ group: '', plural: 'services' }, NAME, 'default');
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }];
  if (found) {
    if (jsonEqual(valueAt(found, 'spec', 'ports'), ports)) return;
    await writer.send({
      method: 'PATCH',
      path: `${SERVICES}/${NAME}`,
      body: { spec: { ports } },
      contentType: 'application/merge-patch+json',
    });
    return;
  }
  const metadata = { name: NAME, namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } };
  const service = (spec: JsonObject) => ({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports, ...spec } });
  try {
    await writer.send({ method: 'POST', path: SERVICES, body: service({ clusterIP: clusterIp }) });
  } catch (error) {
    // The range is another one than it was, or an older Service has the address: any other will do.
    if (!hasCode(error, 'Invalid')) throw error;
    await writer.send({ method: 'POST', path: SERVICES, body: service({}) });
  }
}

interface Wanted {
  readonly path: string;
  readonly object: JsonObject;
}

async function ensure(writer: ObjectWriter, found: JsonObject | undefined, { path, object }: Wanted): Promise<void> {
  if (!found) {
    await writer.send({ method: 'POST', path, body: object });
    return;
  }
  const same = Object.keys(object).every((field) => field === 'metadata' || jsonEqual(found[field], object[field]));
  if (!same) await writer.send({ method: 'PUT', path: `${path}/${NAME}`, body: object });
}

function endpoints(ip: string, port: number): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: NAME, namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
}

function endpointSlice(ip: string, port: number): JsonObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: NAME, namespace: 'default', labels: { 'kubernetes.io/service-name': NAME } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}
