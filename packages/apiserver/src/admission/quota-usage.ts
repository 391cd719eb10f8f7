import type { JsonObject } from '../json.ts';
import { numberAt, objectsAt, textAt } from '../json-read.ts';
import type { StoredKind } from '../object-reader.ts';
import { type Quantity, quantityOf } from '../schema/index.ts';
import { type Amounts, podAmounts } from './pod-amounts.ts';

const ONE: Quantity = { units: 1_000_000_000n, format: 'DecimalSI' };
const NONE: Quantity = { units: 0n, format: 'DecimalSI' };

/** Kinds whose number has a short name of its own beside `count/…`. */
const SHORT = new Set(['pods', 'services', 'secrets', 'configmaps', 'replicationcontrollers', 'resourcequotas', 'persistentvolumeclaims']);
const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage']);
const PAGES = 'hugepages-';
const STORAGE_CLASS = '.storageclass.storage.k8s.io/';

/** What one object counts in a ResourceQuota, by the names that quotas use. */
export function quotaUsage(kind: StoredKind, object: JsonObject): Amounts {
  const usage = new Map<string, Quantity>([[countName(kind), ONE]]);
  if (kind.group !== '') return usage;
  if (SHORT.has(kind.plural)) usage.set(kind.plural, ONE);
  if (kind.plural === 'pods') addPod(usage, object);
  if (kind.plural === 'services') addService(usage, object);
  if (kind.plural === 'persistentvolumeclaims') addClaim(usage, object);
  return usage;
}

/** `count/deployments.apps`. */
function countName({ group, plural }: StoredKind): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`;
}

function addPod(usage: Map<string, Quantity>, pod: JsonObject): void {
  if (isFinished(pod)) {
    // It holds nothing any more; only `count/pods` counts objects as such.
    usage.set('pods', NONE);
    return;
  }
  for (const [name, amount] of podAmounts(pod, 'requests')) {
    usage.set(`requests.${name}`, amount);
    if (PLAIN.has(name) || name.startsWith(PAGES)) usage.set(name, amount);
  }
  for (const [name, amount] of podAmounts(pod, 'limits')) if (PLAIN.has(name)) usage.set(`limits.${name}`, amount);
}

function isFinished(pod: JsonObject): boolean {
  const phase = textAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

function addService(usage: Map<string, Quantity>, service: JsonObject): void {
  const type = textAt(service, 'spec', 'type');
  const ports = objectsAt(service, 'spec', 'ports');
  const count = (of: number): Quantity => ({ units: BigInt(of) * ONE.units, format: 'DecimalSI' });
  const open = type === 'LoadBalancer' ? ports.filter((port) => numberAt(port, 'nodePort')).length : ports.length;
  usage.set('services.nodeports', type === 'NodePort' || type === 'LoadBalancer' ? count(open) : NONE);
  usage.set('services.loadbalancers', type === 'LoadBalancer' ? ONE : NONE);
}

function addClaim(usage: Map<string, Quantity>, claim: JsonObject): void {
  const size = quantityOf(textAt(claim, 'spec', 'resources', 'requests', 'storage')) ?? NONE;
  usage.set('requests.storage', size);
  const className = textAt(claim, 'spec', 'storageClassName');
  if (!className) return;
  usage.set(`${className}${STORAGE_CLASS}requests.storage`, size);
  usage.set(`${className}${STORAGE_CLASS}persistentvolumeclaims`, ONE);
}

// Every write in a namespace with a quota asks again for the same dozen of names.
const kinds = new Map<string, StoredKind | undefined>();
const MOST_NAMES = 500;

/** The kind that a quota's resource name is about; `undefined` for a name that no rule of ours knows. */
export function quotaKind(name: string): StoredKind | undefined {
  if (kinds.has(name)) return kinds.get(name);
  const kind = kindOf(name);
  if (kinds.size >= MOST_NAMES) kinds.clear();
  kinds.set(name, kind);
  return kind;
}

function kindOf(name: string): StoredKind | undefined {
  if (name.startsWith('count/')) {
    const [plural = '', ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), plural };
  }
  if (SHORT.has(name)) return { group: '', plural: name };
  if (name === 'services.nodeports' || name === 'services.loadbalancers') return { group: '', plural: 'services' };
  if (name === 'requests.storage' || name.includes(STORAGE_CLASS)) return { group: '', plural: 'persistentvolumeclaims' };
  const ofPods = PLAIN.has(name) || name.startsWith(PAGES) || name.startsWith('requests.') || PLAIN.has(name.replace(/^limits\./, ''));
  return ofPods ? { group: '', plural: 'pods' } : undefined;
}

const MUST_SPECIFY = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** Which of the compute resources in `names` some containers of `pod` leave open, with those containers. */
export function unspecified(pod: JsonObject, names: readonly string[]): { name: string; containers: string[] }[] {
  const containers = [...objectsAt(pod, 'spec', 'containers'), ...objectsAt(pod, 'spec', 'initContainers')];
  return names
    .filter((name) => MUST_SPECIFY.has(name))
    .map((name) => ({ name, containers: containers.filter((one) => !specifies(one, name)).map((one) => textAt(one, 'name')) }))
    .filter((one) => one.containers.length > 0);
}

function specifies(container: JsonObject, name: string): boolean {
  const [field, resource] = name.includes('.') ? [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)] : ['requests', name];
  return textAt(container, 'resources', field, resource) !== '';
}
