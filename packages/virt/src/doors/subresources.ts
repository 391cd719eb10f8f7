import type { Duplex } from 'node:stream';
import { type Informer, type Kube, type KubeClient, keyOf, type ObjectKey } from '@crownlabs/client';
import { type Clock, LabError } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { PLACES, SOCKETS } from '../guest/places.ts';
import { runningPod } from '../guest/reconcile.ts';
import { isFinal } from '../guest/status.ts';
import { type Guest, guests, type Machine, machines } from '../kinds/kinds.ts';
import type { StateChange } from '../kinds/machine-schema.ts';
import { NOWHERE_TO_GO } from '../kinds/migration-schema.ts';
import { strategyOf } from '../machine/plan.ts';
import { datagramsOver } from './datagrams.ts';
import type { PodShell } from './shell.ts';

/** What the subresources of machines work with. */
export interface SubresourceTools {
  readonly client: KubeClient;
  readonly machines: Informer<Machine>;
  readonly guests: Informer<Guest>;
  readonly pods: Informer<Kube<Pod>>;
  readonly shell: PodShell;
  readonly clock: Clock;
}

/** A request for a subresource, authorized already. */
export interface SubresourceRequest {
  readonly method: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  readonly rest: readonly string[];
  readonly signal: AbortSignal;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What is answered. */
export interface SubresourceAnswer {
  readonly status: number;
  readonly body: { [key: string]: Json };
}

/** A group of subresources for the API to serve, as a plain value: its shape is the port of the embedded API. */
export interface SubresourceGroup {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly { name: string; kind: string; namespaced: boolean; verbs: readonly string[] }[];
  handle(request: SubresourceRequest): Promise<SubresourceAnswer>;
  connect(request: SubresourceRequest): Promise<Duplex>;
}

const POWER = ['start', 'stop', 'restart', 'migrate'] as const;
const STREAMS = ['vnc', 'console', 'portforward'] as const;
const STATES = ['pause', 'unpause', 'softreboot'] as const;
const DONE: SubresourceAnswer = { status: 202, body: {} };

const of = (plural: string, kind: string, names: readonly string[], verb: string) =>
  names.map((name) => ({ name: `${plural}/${name}`, kind, namespaced: true, verbs: [verb] }));

/** `subresources.kubevirt.io/v1` as discovery shows it, before anybody serves it. */
export const MACHINE_SUBRESOURCES: Pick<SubresourceGroup, 'group' | 'version' | 'resources'> = {
  group: 'subresources.kubevirt.io',
  version: 'v1',
  resources: [
    ...of(machines.plural, machines.kind, POWER, 'update'),
    ...of(guests.plural, guests.kind, STREAMS, 'get'),
    ...of(guests.plural, guests.kind, STATES, 'update'),
  ],
};

/** Power, consoles and ports of machines. https://kubevirt.io/api-reference/ */
export function machineSubresources(tools: SubresourceTools): SubresourceGroup {
  return { ...MACHINE_SUBRESOURCES, handle: (request) => handle(tools, request), connect: (request) => connect(tools, request) };
}

async function handle(tools: SubresourceTools, request: SubresourceRequest): Promise<SubresourceAnswer> {
  const { resource, subresource, method } = request;
  if (method !== 'PUT') throw new LabError('MethodNotAllowed', `${resource}/${subresource} takes PUT, or a WebSocket.`);
  if (resource === machines.plural) return power(tools, request);
  const pod = keyOf(runningPod(tools, request.name, request.namespace));
  const command = { pause: 'stop', unpause: 'cont', softreboot: 'system_reset' }[subresource];
  if (command === undefined) throw new LabError('NotFound', `${resource}/${subresource} is not served`);
  await tools.shell.run(pod, 'compute', [`${PLACES.programs}/control`, command], request.signal);
  return DONE;
}

async function connect(tools: SubresourceTools, request: SubresourceRequest): Promise<Duplex> {
  const { name, namespace, signal } = request;
  const pod: ObjectKey = keyOf(runningPod(tools, name, namespace));
  const stream = await tools.shell.open(pod, 'compute', streamCommand(request), signal);
  return request.subresource === 'portforward' && protocolOf(request.rest[1]) === 'udp' ? datagramsOver(stream) : stream;
}

function streamCommand({ subresource, rest }: SubresourceRequest): string[] {
  switch (subresource) {
    case 'vnc':
      return [`${PLACES.programs}/connect`, SOCKETS.screen];
    case 'console':
      return [`${PLACES.programs}/connect`, SOCKETS.console, `${PLACES.run}/console.log`];
    case 'portforward':
      return [`${PLACES.programs}/forward`, portOf(rest[0]), protocolOf(rest[1])];
    default:
      throw new LabError('NotFound', `virtualmachineinstances/${subresource} is no stream`);
  }
}

function portOf(text = ''): string {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new LabError('BadRequest', `"${text}" is no port: 1 to 65535.`);
  return String(port);
}

/** As KubeVirt has it, where a message of the WebSocket is a datagram. */
function protocolOf(text = 'tcp'): string {
  if (text !== 'tcp' && text !== 'udp') throw new LabError('BadRequest', `"${text}" is no protocol: tcp or udp.`);
  return text;
}

async function power(tools: SubresourceTools, { name, namespace, subresource }: SubresourceRequest): Promise<SubresourceAnswer> {
  const machine = await tools.client.get(machines, name, namespace);
  if (subresource === 'migrate') throw new LabError('Conflict', NOWHERE_TO_GO);
  const guest = tools.guests.get(name, namespace);
  const lives = guest !== undefined && !isFinal(guest.status?.phase);
  if (subresource === 'start') await start(tools, machine, lives);
  else if (subresource === 'stop') await stop(tools, machine, lives ? guest : undefined);
  else await restart(tools, machine, lives ? guest : undefined);
  return DONE;
}

async function start(tools: SubresourceTools, machine: Machine, lives: boolean): Promise<void> {
  if (lives) throw new LabError('Conflict', 'VM is already running');
  const strategy = strategyOf(machine);
  if (strategy === 'Halted') await switchTo(tools, machine, true);
  else if (strategy === 'Always') throw new LabError('Conflict', `Always does not support manual start requests`);
  else await ask(tools, machine, [{ action: 'Start' }]);
}

async function stop(tools: SubresourceTools, machine: Machine, guest: Guest | undefined): Promise<void> {
  const strategy = strategyOf(machine);
  if (strategy === 'Halted' || (!guest && strategy !== 'Always')) throw new LabError('Conflict', 'VM is not running');
  if (strategy === 'Always') await switchTo(tools, machine, false);
  else await ask(tools, machine, [stopOf(guest)]);
}

async function restart(tools: SubresourceTools, machine: Machine, guest: Guest | undefined): Promise<void> {
  if (!guest) throw new LabError('Conflict', 'VM is not running');
  await ask(tools, machine, [stopOf(guest), { action: 'Start' }]);
}

function stopOf(guest: Guest | undefined): StateChange {
  const uid = guest?.metadata.uid;
  return { action: 'Stop', ...(uid === undefined ? {} : { uid }) };
}

/** In the words that the spec uses already: `running`, or a strategy. */
async function switchTo({ client }: SubresourceTools, { metadata, spec }: Machine, on: boolean): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  const wish = spec.runStrategy === undefined ? { running: on } : { runStrategy: on ? 'Always' : 'Halted' };
  await client.patch(machines, name, namespace, { metadata: { resourceVersion }, spec: wish });
}

async function ask({ client }: SubresourceTools, { metadata }: Machine, stateChangeRequests: readonly StateChange[]): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  await client.patch(
    machines,
    name,
    namespace,
    { metadata: { resourceVersion }, status: { stateChangeRequests } },
    { subresource: 'status' },
  );
}
