import { NETWORKS_ANNOTATION } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { idOf, type Pod } from './pod.ts';

/** A network that a pod asks for, and what its interface is called in the pod. */
export interface WishedNetwork {
  /** Of a NetworkAttachmentDefinition in the pod's namespace. */
  readonly name: string;
  readonly device: string;
}

/** Names of interfaces that every kernel takes. `all` and `default` are switches of all of them. */
const INTERFACE = /^(?!all$|default$|lo$)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/;
const OBJECT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const SHORT = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/;
const MOST = 8;

/** Whether an interface can be called so. */
export function isInterfaceName(name: unknown): name is string {
  return typeof name === 'string' && INTERFACE.test(name);
}

/**
 * The networks that a pod asks for beside its own, in either way of writing them: a list in JSON, or `name`, `namespace/name@interface` with commas.
 * https://github.com/k8snetworkplumbingwg/multi-net-spec
 */
export function wishedNetworks(pod: Pod): readonly WishedNetwork[] {
  const text = pod.metadata.annotations?.[NETWORKS_ANNOTATION]?.trim() ?? '';
  if (text === '') return [];
  const items: readonly unknown[] = /[[{"]/.test(text) ? jsonList(text) : text.split(',').map(shortForm);
  if (items.length > MOST) throw refused(`a pod is on ${MOST} networks at most`);
  const wishes = items.map((item, index) => wish(item, idOf(pod).namespace, index));
  const devices = new Set(['eth0']);
  for (const { device } of wishes) {
    if (devices.has(device)) throw refused(`there is another interface ${device}: give each a name of its own`);
    devices.add(device);
  }
  return wishes;
}

function jsonList(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Told below.
  }
  throw refused('it is no list in JSON, as [{"name": "lan", "interface": "net1"}]');
}

function shortForm(item: string): unknown {
  const [, namespace, name, device] = SHORT.exec(item.trim()) ?? [];
  if (name === undefined) throw refused(`"${item.trim()}" is not written as name, namespace/name or name@interface`);
  return { name, namespace, interface: device };
}

function wish(item: unknown, own: string, index: number): WishedNetwork {
  if (typeof item !== 'object' || item === null) throw refused('each network is an object with a name');
  const { name, namespace = own, interface: device = `net${index + 1}`, ...others }: Record<string, unknown> = { ...item };
  const [other] = Object.keys(others);
  if (other !== undefined) throw refused(`${other} is not realised: a network has a name, a namespace and an interface`);
  if (typeof name !== 'string' || !OBJECT.test(name)) throw refused(`each network needs the name of a NetworkAttachmentDefinition`);
  if (namespace !== own) throw refused(`network ${name} must be of the pod's own namespace, ${own}`);
  if (!isInterfaceName(device)) throw refused(`no interface can be called ${JSON.stringify(device)}`);
  return { name, device };
}

function refused(why: string): LabError {
  return new LabError('Invalid', `Annotation ${NETWORKS_ANNOTATION}: ${why}.`);
}
