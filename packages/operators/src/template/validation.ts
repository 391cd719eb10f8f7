import {
  type Environment,
  isMachine,
  PERSONAL_WORKSPACE,
  type SharedVolume,
  type Template,
  type Workspace,
  workspaceNamespace,
} from '@crownlabs/api';
import { chargeOf, NO_CHARGE, refusalText, shortageOf } from '../quota/charge.ts';
import { isAllowedImage } from './allowed-images.ts';
import { imageFault } from './image-form.ts';
import { canGoOn } from './prepared-machines.ts';
import { samePlaces } from './same-places.ts';

/** What a template is judged by, beside itself. */
export interface TemplateSurroundings {
  /** The workspace in whose namespace it is; absent for a template of somebody's own, and where there is none. */
  readonly workspace: Workspace | undefined;
  readonly sharedVolume: (name: string, namespace: string) => SharedVolume | undefined;
}

/** What is wrong with a template that its schema cannot say: sentences for whoever wrote it. It can be stored all the same. */
export function templateFaults(template: Template, around: TemplateSurroundings): string[] {
  const { environmentList } = template.spec;
  if (environmentList.length === 0) return ['The template has no environment: add one.'];
  return [
    ...environmentList.flatMap((it) => environmentFaults(it, template, around)),
    ...workspaceFaults(template, around),
    ...quotaFaults(template, around),
  ];
}

function environmentFaults(environment: Environment, template: Template, { workspace, sharedVolume }: TemplateSurroundings): string[] {
  const { name, image, persistent, resources } = environment;
  const say = (text: string) => `Environment ${name}: ${text}`;
  const fault = imageFault(environment);
  const missing = (environment.sharedVolumeMounts ?? []).filter(
    (it) => sharedVolume(it.sharedVolume.name, it.sharedVolume.namespace ?? template.metadata.namespace ?? '') === undefined,
  );
  return [
    ...(fault === undefined ? [] : [say(fault)]),
    ...(isAllowedImage(image, workspace?.spec.allowedImages) ? [] : [say(`The image ${image} is not allowed in this workspace.`)]),
    ...missing.map((it) => say(`There is no shared volume ${it.sharedVolume.name}.`)),
    ...samePlaces(environment).map((path) => say(`Two volumes want to be at ${path}.`)),
    ...instantFaults(environment).map(say),
    ...wrongTypeFaults(environment).map(say),
    ...(persistent && resources.disk === undefined ? [say('It is persistent, and no size is given for its disk.')] : []),
  ];
}

/** What is asked for that environments of another type have. */
function wrongTypeFaults(environment: Environment): string[] {
  const { containerStartupOptions, networks = [] } = environment;
  if (isMachine(environment)) return containerStartupOptions ? ['The start-up options are for containers: a machine ignores them.'] : [];
  return networks.length > 0 ? ['Networks are between machines: a container is on none of them.'] : [];
}

function instantFaults(environment: Environment): string[] {
  if (!environment.instantStart || canGoOn(environment)) return [];
  return ['Only a VirtualMachine that keeps no disk and has no networks can go on from a prepared memory: it starts as others do.'];
}

/** The namespace decides to which workspace a template belongs; what it says of itself should be the same. */
function workspaceFaults({ spec, metadata: { namespace = '' } }: Template, { workspace }: TemplateSurroundings): string[] {
  const named = spec['workspace.crownlabs.polito.it/WorkspaceRef']?.name;
  if (named === undefined || named === PERSONAL_WORKSPACE || !workspace) return [];
  return workspaceNamespace(named) === namespace
    ? []
    : [`The template is in the workspace ${workspace.metadata.name}, whatever it says of ${named}: the namespace decides.`];
}

/** Whether somebody who uses nothing else could start it. */
function quotaFaults({ spec }: Template, { workspace }: TemplateSurroundings): string[] {
  const shortage = workspace && shortageOf(workspace.spec.quota, NO_CHARGE, chargeOf(spec.environmentList, 'everything'));
  return shortage ? [`Nobody can start it: ${refusalText(shortage)}, even for somebody who uses nothing else.`] : [];
}
