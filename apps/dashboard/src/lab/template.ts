import { quantityNumber } from './quantity.ts';
import { Wire } from './readers.ts';

/** One machine or container of a template. */
export interface Environment {
  readonly name: string;
  readonly type: string;
  readonly image: string;
  readonly gui: boolean;
  readonly persistent: boolean;
  /** Whether its copies go on from a memory that was prepared. */
  readonly instantStart: boolean;
  /** What the networks that it shares with other machines are called. */
  readonly networks: readonly string[];
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

/** What each user may start a copy of. */
export interface Template {
  readonly name: string;
  readonly namespace: string;
  readonly title: string;
  readonly description: string;
  readonly workspace: string;
  readonly environments: readonly Environment[];
  readonly stopAfterInactivity: string;
  readonly deleteAfterCreation: string;
  /** Whether what its copies go on from is there; nothing where it is not asked for. */
  readonly prepared: { readonly holds: boolean; readonly message: string } | undefined;
}

/** Follows the templates of one namespace. */
export const TEMPLATES_OF = `subscription ($namespace: String!) {
  itPolitoCrownlabsV1alpha2TemplateUpdate(namespace: $namespace, initial: true) { updateType payload {
    metadata { name namespace }
    spec {
      prettyName description
      workspaceCrownlabsPolitoItWorkspaceRef { name }
      cleanup { deleteAfterCreation stopAfterInactivity }
      environmentList { name environmentType image guiEnabled persistent instantStart networks { name } resources { cpu memory disk } }
    }
    status { conditions { type status message } } } } }`;

/** Changes a template by a JSON patch. */
export const PATCH_TEMPLATE = `mutation ($namespace: String!, $name: String!, $patch: String!) {
  patchCrownlabsPolitoItV1alpha2NamespacedTemplateJsonPatch(namespace: $namespace, name: $name, fieldManager: "dashboard", applicationJsonPatchJsonInput: $patch) { metadata { name } } }`;

/** A template from the wire. */
export function readTemplate(payload: unknown): Template {
  const wire = new Wire(payload);
  const spec = wire.at('spec');
  const name = wire.at('metadata', 'name').text() ?? '';
  const namespace = wire.at('metadata', 'namespace').text() ?? '';
  return {
    name,
    namespace,
    title: spec.at('prettyName').text() ?? name,
    description: spec.at('description').text() ?? '',
    workspace: spec.at('workspaceCrownlabsPolitoItWorkspaceRef', 'name').text() ?? namespace.replace(/^workspace-/, ''),
    environments: spec.at('environmentList').list().map(readEnvironment),
    stopAfterInactivity: spec.at('cleanup', 'stopAfterInactivity').text() ?? 'never',
    deleteAfterCreation: spec.at('cleanup', 'deleteAfterCreation').text() ?? 'never',
    prepared: readPrepared(wire.at('status', 'conditions').list()),
  };
}

function readPrepared(conditions: readonly Wire[]): Template['prepared'] {
  const found = conditions.find((it) => it.at('type').text() === 'InstantStart');
  return found && { holds: found.at('status').text() === 'True', message: found.at('message').text() ?? '' };
}

function readEnvironment(wire: Wire): Environment {
  const resources = wire.at('resources');
  return {
    name: wire.at('name').text() ?? '',
    type: wire.at('environmentType').text() ?? 'Container',
    image: wire.at('image').text() ?? '',
    gui: wire.at('guiEnabled').flag() ?? true,
    persistent: wire.at('persistent').flag() ?? false,
    instantStart: wire.at('instantStart').flag() ?? false,
    networks: wire
      .at('networks')
      .list()
      .flatMap((network) => network.at('name').text() ?? []),
    cpu: quantityNumber(resources.at('cpu').amount()),
    memory: quantityNumber(resources.at('memory').amount()),
    disk: quantityNumber(resources.at('disk').amount()),
  };
}

/** How an environment is entered. A machine has two ways that need nothing installed inside: its serial console, and the screen that its hypervisor draws. */
export type WayIn = 'desktop' | 'web' | 'terminal' | 'console' | 'screen';

const VIRTUAL_MACHINES = new Set(['VirtualMachine', 'CloudVM', 'LocalVM']);

/** Whether an environment is one that only a hypervisor can start. */
export function isMachine({ type }: Pick<Environment, 'type'>): boolean {
  return VIRTUAL_MACHINES.has(type);
}

/** The ways into an environment, the best first. */
export function waysIn(environment: Pick<Environment, 'type' | 'gui'>): WayIn[] {
  const machine = isMachine(environment);
  if (machine) return environment.gui ? ['desktop', 'console', 'screen'] : ['console', 'screen'];
  if (!environment.gui) return ['terminal'];
  return environment.type === 'Standalone' ? ['web', 'terminal'] : ['desktop', 'terminal'];
}

/** What a template is, by the best way into its first environment. */
export function flavourOf(template: Template): 'desktop' | 'web' | 'terminal' | 'machine' {
  const [first] = template.environments;
  if (first && isMachine(first)) return 'machine';
  const way = first && waysIn(first)[0];
  return way === 'desktop' || way === 'web' ? way : 'terminal';
}

/** The words for what a template's first environment is, where it is a machine. */
export function machineKindOf({ environments: [first] }: Template): 'VirtualMachine' | 'CloudVM' | 'LocalVM' | undefined {
  const type = first?.type;
  return type === 'VirtualMachine' || type === 'CloudVM' || type === 'LocalVM' ? type : undefined;
}

/** Whether an instance can sleep with its memory kept: what keeps no disk has nothing to go on with. */
export function canSleep({ environments }: Template): boolean {
  return environments.length > 0 && environments.every((environment) => isMachine(environment) && environment.persistent);
}

/** Whether copies of an environment can go on from a memory that was prepared: those that keep a disk would all have the same, and it knows of no networks. */
export function canStartAtOnce({ type, persistent, networks }: Pick<Environment, 'type' | 'persistent' | 'networks'>): boolean {
  return type === 'VirtualMachine' && !persistent && networks.length === 0;
}

/** The networks between the machines of a template, each once. */
export function networksOf({ environments }: Template): string[] {
  return [...new Set(environments.filter(isMachine).flatMap(({ networks }) => networks))];
}

/** Whether anything of an instance outlives its being stopped. */
export function isPersistent(template: Template): boolean {
  return template.environments.some((environment) => environment.persistent);
}
