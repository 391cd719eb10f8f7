import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Environment, environmentObjectName, type Instance, instances, isMachine, type Template, templates } from '@crownlabs/api';
import {
  type ApiEndpoint,
  createClient,
  httpTransport,
  type KubeClient,
  kubeconfigEndpoint,
  type ObjectKey,
  rebootMachine,
  virtualMachineInstances,
} from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { adminClient } from '../admin-client.ts';
import type { Places } from '../places.ts';
import { printRows } from '../print-table.ts';
import { say } from '../terminal.ts';

/** Which machine is meant, as it was typed. */
export interface MachineFlags {
  readonly namespace?: string;
  readonly env?: string;
  readonly kubeconfig?: string;
}

/** A way to the API, as the administrator of this installation or as whom a kubeconfig names. */
export interface Reach {
  readonly endpoint: ApiEndpoint;
  readonly client: KubeClient;
}

/** The machine of one environment of an Instance. */
export interface FoundMachine {
  readonly instance: Instance;
  readonly machine: ObjectKey;
  /** The environment that it is. */
  readonly environment: string;
  /** Whether its disk, and what was made on it at the first boot, outlives a stop. */
  readonly persistent: boolean;
}

/** Finds the way to the API. */
export async function reachOf(places: Places, { kubeconfig }: Pick<MachineFlags, 'kubeconfig'>): Promise<Reach> {
  // Says in words what is wrong when nothing runs here.
  if (kubeconfig === undefined) await adminClient(places);
  const file = kubeconfig ?? places.adminKubeconfig;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new LabError('NotFound', `${file} cannot be read.`, { cause });
  });
  const endpoint = kubeconfigEndpoint(text, { directory: dirname(file) });
  return { endpoint, client: createClient(httpTransport(endpoint), { fieldManager: 'crownlabs-cli', userAgent: 'crownlabs' }) };
}

/** Finds a machine by the name of its Instance. What is missing or not clear is said with what there is. */
export async function findMachine(client: KubeClient, name: string, flags: MachineFlags): Promise<FoundMachine> {
  const instance = await findInstance(client, name, flags.namespace);
  const environment = await chosenEnvironment(client, instance, flags.env);
  const { namespace = '' } = instance.metadata;
  const machine = { namespace, name: environmentObjectName(name, environment.name) };
  return { instance, machine, environment: environment.name, persistent: environment.persistent };
}

/** As {@link findMachine}, for what asks a machine that runs. */
export async function findRunning(client: KubeClient, name: string, flags: MachineFlags): Promise<FoundMachine> {
  const found = await findMachine(client, name, flags);
  const { namespace } = found.machine;
  const guest = await client.find(virtualMachineInstances, found.machine.name, namespace);
  if (guest) return found;
  throw new LabError('Conflict', whyNotRunning(found.instance));
}

function whyNotRunning({ metadata: { name }, spec, status }: Instance): string {
  if (spec.suspended) return `${name} sleeps: \`crownlabs vm resume ${name}\` wakes it.`;
  if (!spec.running) return `${name} is stopped: \`crownlabs vm start ${name}\` starts it.`;
  const why = status?.conditions?.find(({ type }) => type === 'Ready')?.message;
  return `${name} does not run yet${why === undefined ? '.' : `: ${why}`}`;
}

async function findInstance(client: KubeClient, name: string, namespace: string | undefined): Promise<Instance> {
  const { items } = await client.list(instances, namespace === undefined ? {} : { namespace });
  const found = items.filter(({ metadata }) => metadata.name === name);
  const [only] = found;
  if (!only) throw new LabError('NotFound', `There is no instance ${name}. \`crownlabs vm list\` shows the machines there are.`);
  if (found.length === 1) return only;
  const places = found.map(({ metadata }) => metadata.namespace).join(', ');
  throw new LabError('Conflict', `There are ${found.length} instances ${name}: say which with --namespace (${places}).`);
}

async function chosenEnvironment(client: KubeClient, instance: Instance, wanted: string | undefined): Promise<Environment> {
  const machines = machinesOf(await templateOf(client, instance));
  const names = machines.map((it) => it.name);
  const { name } = instance.metadata;
  if (machines.length === 0) throw new LabError('BadRequest', `${name} is no virtual machine.`);
  if (wanted === undefined && machines.length > 1)
    throw new LabError('BadRequest', `${name} has several machines: say which with --env (${names.join(', ')}).`);
  const chosen = wanted === undefined ? machines[0] : machines.find((it) => it.name === wanted);
  if (!chosen) throw new LabError('NotFound', `${name} has no machine ${wanted}. There are: ${names.join(', ')}.`);
  return chosen;
}

function machinesOf(template: Template | undefined): Environment[] {
  return template?.spec.environmentList.filter(isMachine) ?? [];
}

function templateOf(client: KubeClient, { spec }: Instance): Promise<Template | undefined> {
  const { name, namespace } = spec['template.crownlabs.polito.it/TemplateRef'];
  return client.find(templates, name, namespace);
}

/** Prints the instances that are machines. */
export async function listMachines(places: Places, format: string, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { namespace } = flags;
  const [all, known] = await Promise.all([client.list(instances, namespace === undefined ? {} : { namespace }), client.list(templates)]);
  const rows = all.items.flatMap(({ metadata, spec, status }) => {
    const reference = spec['template.crownlabs.polito.it/TemplateRef'];
    const template = known.items.find((it) => it.metadata.name === reference.name && it.metadata.namespace === reference.namespace);
    return machinesOf(template).map(({ name: environment }) => ({
      namespace: metadata.namespace,
      instance: metadata.name,
      environment,
      name: spec.prettyName,
      phase: status?.environments?.find(({ name }) => name === environment)?.phase,
      address: status?.environments?.find(({ name }) => name === environment)?.ip,
    }));
  });
  if (rows.length === 0 && format === 'table') say('There are no virtual machines.');
  else printRows(rows, format);
}

/** Starts or stops an instance: its machine is asked to shut down, as by its power button. */
export async function powerMachine(places: Places, name: string, on: boolean, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { instance } = await findMachine(client, name, flags);
  if (instance.spec.running === on && !(on && instance.spec.suspended)) return say(`${name} is ${on ? 'started' : 'stopped'} already.`);
  await client.patch(instances, name, instance.metadata.namespace, { spec: { running: on, ...(on ? { suspended: false } : {}) } });
  say(on ? `${name} starts.` : `${name} is asked to shut down.`);
}

/** Lets an instance sleep with its memory kept, or wakes it: its machine goes on where it was. */
export async function sleepMachine(places: Places, name: string, asleep: boolean, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { instance, persistent } = await findMachine(client, name, flags);
  if (asleep && !persistent) throw new LabError('BadRequest', `${name} keeps no disk, so its memory cannot be kept either.`);
  if ((instance.spec.suspended ?? false) === asleep) return say(`${name} ${asleep ? 'sleeps' : 'is awake'} already.`);
  if (asleep && !instance.spec.running) throw new LabError('Conflict', `${name} is stopped: there is nothing to keep.`);
  await client.patch(instances, name, instance.metadata.namespace, { spec: { suspended: asleep } });
  say(asleep ? `${name} falls asleep.` : `${name} wakes up.`);
}

/** Makes a running machine boot anew, as by its reset button. */
export async function restartMachine(places: Places, name: string, flags: MachineFlags): Promise<void> {
  const { client } = await reachOf(places, flags);
  const { machine } = await findRunning(client, name, flags);
  await rebootMachine(client, machine);
  say(`${name} boots anew.`);
}
