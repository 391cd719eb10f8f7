import { cpus, freemem, totalmem } from 'node:os';
import {
  formatQuantity,
  type LocalAnswer,
  type LocalGroup,
  type LocalRequest,
  parseFieldTerms,
  parseLabelSelector,
} from '@crownlabs/apiserver';
import { type Clock, LabError, rfc3339 } from '@crownlabs/std';
import { type MachineUsage, type MetricsSource, type Sample, Sampler } from './usage-sampler.ts';

const GROUP = 'metrics.k8s.io';
const API_VERSION = `${GROUP}/v1beta1`;
const VERBS = ['get', 'list'];
const NANO = 1_000_000_000n;

/** The resource metrics API, for `kubectl top`. `source` is undefined while there is no node: then nothing is listed. */
export function resourceMetrics(source: () => MetricsSource | undefined, clock: Clock): LocalGroup {
  const sampler = new Sampler(clock);
  return {
    group: GROUP,
    version: 'v1beta1',
    resources: [
      { name: 'nodes', singular: '', kind: 'NodeMetrics', namespaced: false, verbs: VERBS },
      { name: 'pods', singular: '', kind: 'PodMetrics', namespaced: true, verbs: VERBS },
    ],
    async handle(request) {
      if (request.method !== 'GET' || request.query.get('watch') === 'true') {
        throw new LabError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
      }
      const from = source();
      const sample = from && (await sampler.read(from));
      const all = !sample ? [] : request.resource === 'nodes' ? [await nodeMetrics(from, sample)] : podMetrics(sample);
      return request.name === '' ? listed(request, all) : named(request, all);
    },
  };
}

type Metrics = LocalAnswer['body'] & { readonly metadata: Metadata };

// A type, not an interface: those may get more members, which need not be JSON.
type Metadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly creationTimestamp: string;
  readonly labels: Readonly<Record<string, string>>;
};

async function nodeMetrics(from: MetricsSource, sample: Sample): Promise<Metrics> {
  const { at, windowMs, node } = sample;
  const metadata = { name: from.nodeName, creationTimestamp: rfc3339(at), labels: await from.nodeLabels() };
  return { metadata, ...times(at, windowMs), usage: usage(node.cpuNanoCores, node.memoryBytes) };
}

/** Pods that are not measured yet are not listed. */
function podMetrics({ at, windowMs, pods }: Sample): Metrics[] {
  return pods
    .filter(({ containers }) => containers.length > 0 && containers.every(({ cpuNanoCores }) => cpuNanoCores !== undefined))
    .map(({ name, namespace, labels, containers }) => ({
      metadata: { name, namespace, creationTimestamp: rfc3339(at), labels },
      ...times(at, windowMs),
      containers: containers.map((one) => ({ name: one.name, usage: usage(one.cpuNanoCores ?? 0, one.memoryBytes) })),
    }));
}

function times(at: number, windowMs: number) {
  return { timestamp: rfc3339(at), window: `${(windowMs / 1000).toFixed(3)}s` };
}

function usage(cpuNanoCores: number, memoryBytes: number) {
  return {
    cpu: formatQuantity({ units: BigInt(Math.round(cpuNanoCores)), format: 'DecimalSI' }),
    memory: formatQuantity({ units: BigInt(Math.round(memoryBytes)) * NANO, format: 'BinarySI' }),
  };
}

function listed({ resource, namespace, query }: LocalRequest, all: readonly Metrics[]): LocalAnswer {
  const selects = parseLabelSelector(query.get('labelSelector')) ?? (() => true);
  const terms = parseFieldTerms(query.get('fieldSelector'));
  const items = all.filter(
    ({ metadata }) =>
      (namespace === '' || metadata.namespace === namespace) &&
      selects(metadata.labels) &&
      terms.every(({ path, value, negated }) => (fieldOf(metadata, path) === value) !== negated),
  );
  const kind = resource === 'nodes' ? 'NodeMetricsList' : 'PodMetricsList';
  return { status: 200, body: { kind, apiVersion: API_VERSION, metadata: {}, items } };
}

function fieldOf(metadata: Metadata, path: string): string | undefined {
  if (path === 'metadata.name') return metadata.name;
  if (path === 'metadata.namespace') return metadata.namespace;
  throw new LabError('BadRequest', `field label not supported: ${path}`);
}

function named({ resource, namespace, name }: LocalRequest, all: readonly Metrics[]): LocalAnswer {
  const found = all.find(({ metadata }) => metadata.name === name && (namespace === '' || metadata.namespace === namespace));
  const kind = resource === 'nodes' ? 'NodeMetrics' : 'PodMetrics';
  if (found) return { status: 200, body: { kind, apiVersion: API_VERSION, ...found } };
  const path = namespace === '' ? name : `${namespace}/${name}`;
  throw new LabError('NotFound', `${kind.toLowerCase()}.${GROUP} "${path}" not found`);
}

/** What this machine has spent and holds now. */
export function machineUsage(): MachineUsage {
  const busyMs = cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  return { cpuNanoseconds: busyMs * 1_000_000, memoryBytes: totalmem() - freemem() };
}
