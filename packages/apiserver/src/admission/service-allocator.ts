import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { Json, JsonObject } from '../json.ts';
import { ensureObject, numberAt, objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { invalid } from '../status-error.ts';
import { addressNumber, addressPool, addressText, type Pool, pool } from './address-range.ts';

/** From where Services get their addresses and node ports. */
export interface ServiceRanges {
  /** IPv4, for example `10.0.0.0/24`. */
  readonly cidr: string;
  /** Default 30000 to 32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
}

const SERVICES = { group: '', plural: 'services' };
const NODE_PORTS = { first: 30_000, last: 32_767 };

/** Gives Services their cluster addresses and node ports, and no address to two of them. */
export function serviceAllocator(reader: ObjectReader, ranges: ServiceRanges): AdmissionPlugin & Disposable {
  return new ServiceAllocator(reader, ranges);
}

class ServiceAllocator implements AdmissionPlugin, Disposable {
  readonly name = 'ServiceAllocator';
  readonly #cidr: string;
  readonly #addresses: Pool;
  readonly #ports: Pool;
  readonly #stop: () => void;

  constructor(reader: ObjectReader, { cidr, nodePorts = NODE_PORTS }: ServiceRanges) {
    this.#cidr = cidr;
    this.#addresses = addressPool(cidr);
    this.#ports = pool(nodePorts.first, nodePorts.last);
    this.#stop = reader.onChange(SERVICES, (now, before) => {
      if (before) this.#each(before, (numbers, value) => numbers.release(value, ownerOf(before)));
      if (now) this.#each(now, (numbers, value) => numbers.hold(value, ownerOf(now)));
    });
    for (const service of reader.list(SERVICES)) this.#each(service, (numbers, value) => numbers.hold(value, ownerOf(service)));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  handles({ resource, operation, subresource }: AdmissionCall): boolean {
    const write = operation === 'CREATE' || operation === 'UPDATE';
    return write && subresource === '' && resource.group === '' && resource.plural === 'services';
  }

  mutate(call: AdmissionCall): void {
    if (!call.object) return;
    const spec = ensureObject(call.object, 'spec');
    keepAllocated(spec, call.old);
    if (textAt(spec, 'type') === 'ExternalName') {
      if (call.old) for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field];
      dropNodePorts(spec, call.old);
      return;
    }
    const held: (() => void)[] = [];
    const owner = `${call.namespace}/${call.name || textAt(call.object, 'metadata', 'uid')}`;
    const holding = { call, owner, held };
    try {
      this.#address(spec, holding);
      if (wantsNodePorts(spec)) this.#nodePorts(spec, holding);
      else dropNodePorts(spec, call.old);
      this.#healthPort(spec, holding);
    } catch (error) {
      for (const release of held) release();
      throw error;
    }
    // Committed or not: what a committed Service holds is held through the reader by then, under the same name.
    if (!call.dryRun && held.length > 0) call.settled((persisted) => !persisted && held.forEach((release) => release()));
    else for (const release of held) release();
  }

  #address(spec: JsonObject, holding: Holding): void {
    if (!holding.call.old) demandOneAddress(spec, holding.call);
    const asked = textAt(spec, 'clusterIP');
    const before = textAt(holding.call.old, 'spec', 'clusterIP');
    // Whoever has one may not have another: that is for the validation to say, whether or not the other is free.
    if (asked !== '' && asked !== 'None' && before === '') this.#claimAddress(asked, holding);
    const address = asked || this.#freeAddress(holding);
    spec['clusterIP'] = address;
    spec['clusterIPs'] = [address];
    // A headless Service without a selector may point anywhere, so that it speaks for both families.
    demandSingleStack(spec, address, holding.call);
    const anywhere = address === 'None' && objectAt(spec, 'selector') === undefined;
    spec['ipFamilies'] ??= anywhere ? ['IPv4', 'IPv6'] : ['IPv4'];
    spec['ipFamilyPolicy'] ??= anywhere ? 'RequireDualStack' : 'SingleStack';
  }

  #freeAddress(holding: Holding): string {
    const value = this.#addresses.free();
    if (value === undefined) throw refuse(holding.call, 'spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full');
    this.#hold(this.#addresses, value, holding);
    return addressText(value);
  }

  #claimAddress(text: string, holding: Holding): void {
    const value = addressNumber(text);
    // What is no address at all is the validation's business.
    if (value === undefined) return;
    const { first, last } = this.#addresses;
    const wrong = (why: string) => refuse(holding.call, 'spec.clusterIPs', [text], `failed to allocate IP ${text}: ${why}`);
    if (value < first || value > last)
      throw wrong(`the provided IP (${text}) is not in the valid range. The range of valid IPs is ${this.#cidr}`);
    // A dry run takes nothing, so that nothing can be taken already.
    const owner = holding.call.dryRun ? undefined : this.#addresses.ownerOf(value);
    if (owner !== undefined && owner !== holding.owner) throw wrong('provided IP is already allocated');
    this.#hold(this.#addresses, value, holding);
  }

  #nodePorts(spec: JsonObject, holding: Holding): void {
    const given = new Map<number, string>();
    for (const [at, port] of objectsAt(spec, 'ports').entries()) {
      const asked = numberAt(port, 'nodePort') ?? 0;
      const protocol = textAt(port, 'protocol');
      const value = asked || (this.#ports.free() ?? 0);
      // One number serves a port in two protocols.
      const shared = given.has(value) && given.get(value) !== protocol;
      if (asked && !shared) this.#checkPort(asked, `spec.ports[${at}].nodePort`, holding, given);
      if (!value) throw refuse(holding.call, `spec.ports[${at}].nodePort`, value, 'failed to allocate a nodePort: range is full');
      given.set(value, protocol);
      this.#hold(this.#ports, value, holding);
      port['nodePort'] = value;
    }
  }

  #healthPort(spec: JsonObject, holding: Holding): void {
    if (!asksForHealth(spec) || numberAt(spec, 'healthCheckNodePort')) return;
    const value = this.#ports.free() ?? 0;
    this.#hold(this.#ports, value, holding);
    spec['healthCheckNodePort'] = value;
  }

  #checkPort(value: number, field: string, { call, owner }: Holding, given: ReadonlyMap<number, string>): void {
    if (given.has(value)) throw refuse(call, field, value, TAKEN);
    if (call.dryRun) return;
    const { first, last } = this.#ports;
    if (!this.#ports.has(value)) {
      throw refuse(call, field, value, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
    }
    const holder = this.#ports.ownerOf(value);
    if (holder !== undefined && holder !== owner) throw refuse(call, field, value, TAKEN);
  }

  #hold(numbers: Pool, value: number, { owner, held }: Holding): void {
    if (numbers.ownerOf(value) === owner) return;
    numbers.hold(value, owner);
    held.push(() => numbers.release(value, owner));
  }

  #each(service: JsonObject, act: (numbers: Pool, value: number) => void): void {
    const address = addressNumber(textAt(service, 'spec', 'clusterIP'));
    if (address !== undefined) act(this.#addresses, address);
    for (const port of objectsAt(service, 'spec', 'ports')) {
      const nodePort = numberAt(port, 'nodePort');
      if (nodePort) act(this.#ports, nodePort);
    }
    const health = numberAt(service, 'spec', 'healthCheckNodePort');
    if (health) act(this.#ports, health);
  }
}

interface Holding {
  readonly call: AdmissionCall;
  readonly owner: string;
  readonly held: (() => void)[];
}

function ownerOf(service: JsonObject): string {
  return `${textAt(service, 'metadata', 'namespace')}/${textAt(service, 'metadata', 'name')}`;
}

function wantsNodePorts(spec: JsonObject): boolean {
  const type = textAt(spec, 'type');
  return type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
}

/** Load balancers that keep to the node that they reached ask each whether it has an endpoint. */
function asksForHealth(spec: JsonObject): boolean {
  return textAt(spec, 'type') === 'LoadBalancer' && textAt(spec, 'externalTrafficPolicy') === 'Local';
}

/** The older field and the list say the same. */
function demandOneAddress(spec: JsonObject, call: AdmissionCall): void {
  const [list, one] = [textsAt(spec, 'clusterIPs'), textAt(spec, 'clusterIP')];
  if (list.length === 0) return;
  if (one === '') throw refuse(call, 'spec.clusterIPs', list, 'must be empty when `clusterIP` is not specified');
  if (list[0] !== one) throw refuse(call, 'spec.clusterIPs', list, 'first value must match `clusterIP`');
}

const TAKEN = 'provided port is already allocated';
const SEVERAL = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";

/** There is one range, of IPv4. */
function demandSingleStack(spec: JsonObject, address: string, call: AdmissionCall): void {
  if (address === 'None' && objectAt(spec, 'selector') === undefined) return;
  if (textAt(spec, 'ipFamilyPolicy') === 'RequireDualStack') {
    throw refuse(call, 'spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services');
  }
  const families = textsAt(spec, 'ipFamilies');
  const policy = textAt(spec, 'ipFamilyPolicy') || 'SingleStack';
  if (new Set(families).size > 1 && policy === 'SingleStack') throw refuse(call, 'spec.ipFamilyPolicy', policy, SEVERAL);
  const at = families.indexOf('IPv6');
  if (at >= 0) throw refuse(call, `spec.ipFamilies[${at}]`, 'IPv6', 'not configured on this cluster');
}

/** A PUT that leaves out what the server chose does not mean to give it up. */
function keepAllocated(spec: JsonObject, old: JsonObject | undefined): void {
  const before = objectAt(old, 'spec');
  if (!before || textAt(before, 'type') === 'ExternalName') return;
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    if (spec[field] === undefined || spec[field] === '') spec[field] = structuredClone(before[field]);
    if (spec[field] === undefined) delete spec[field];
  }
  keepHealthPort(spec, before);
  if (!wantsNodePorts(spec)) return;
  const same = (a: JsonObject) => (b: JsonObject) => a['port'] === b['port'] && textAt(a, 'protocol') === textAt(b, 'protocol');
  for (const port of objectsAt(spec, 'ports')) {
    const nodePort = numberAt(objectsAt(before, 'ports').find(same(port)), 'nodePort');
    if (nodePort) port['nodePort'] ??= nodePort;
  }
}

function keepHealthPort(spec: JsonObject, before: JsonObject): void {
  const had = before['healthCheckNodePort'];
  if (had === undefined) return;
  if (asksForHealth(spec)) spec['healthCheckNodePort'] ??= had;
  else if (spec['healthCheckNodePort'] === had) delete spec['healthCheckNodePort'];
}

/** A Service that stops being a NodePort gives its ports back. */
function dropNodePorts(spec: JsonObject, old: JsonObject | undefined): void {
  const before = objectAt(old, 'spec');
  if (!before || !wantsNodePorts(before)) return;
  for (const port of objectsAt(spec, 'ports')) delete port['nodePort'];
  for (const field of ['externalTrafficPolicy', 'healthCheckNodePort', 'allocateLoadBalancerNodePorts']) delete spec[field];
}

function refuse(call: AdmissionCall, field: string, value: Json, why: string): Error {
  return invalid(call.resource, call.name, [
    { type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` },
  ]);
}
