import type { ImageBuild, Template, TemplateStatus, Workspace } from '@crownlabs/api';
import { conditionsFrom, type Finding } from '../conditions.ts';

/** What a reconcile found out about a template. */
export interface TemplateFacts {
  readonly template: Template;
  /** The workspace that it names, if that exists; `unneeded` for a template of somebody's own. */
  readonly workspace: Workspace | 'unneeded' | undefined;
  /** Builds of its images on this installation. */
  readonly builds: readonly ImageBuild[];
  readonly now: number;
}

/** What a template is: whether it can be started, and if not, why. */
export function observeTemplate(facts: TemplateFacts): TemplateStatus {
  const { template, now } = facts;
  return {
    ...template.status,
    conditions: conditionsFrom([ready(facts)], template.status?.conditions, now),
    observedGeneration: template.metadata.generation ?? 0,
  };
}

function ready({ template, workspace, builds }: TemplateFacts): Finding {
  const no = (reason: string, message: string): Finding => ({ type: 'Ready', status: 'False', reason, message });
  const named = template.spec['workspace.crownlabs.polito.it/WorkspaceRef']?.name;
  if (!workspace) return no('WorkspaceNotFound', `The workspace ${named ?? 'of this namespace'} does not exist.`);
  if (template.spec.environmentList.length === 0) return no('NoEnvironment', 'The template has no environment: add one.');
  const waiting = builds.find(({ status }) => status?.phase !== 'Ready');
  if (!waiting) return { type: 'Ready', status: 'True', reason: 'Ready', message: 'The template can be started.' };
  const { image } = waiting.spec;
  if (waiting.status?.phase === 'Failed') {
    return no('ImageFailed', `Building the image ${image} failed: ${waiting.status.message ?? 'see the log'}.`);
  }
  const step = waiting.status?.step;
  return no('ImageBuilding', `The image ${image} is being built on this machine${step === undefined ? '' : `: ${step}`}.`);
}
