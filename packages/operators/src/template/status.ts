import { ANNOTATION, type ImageBuild, type Instance, type Template, type TemplateStatus, type Workspace } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';
import { conditionsFrom, type Finding } from '../conditions.ts';
import { type PreparedFacts, preparedFindings } from './prepared-status.ts';

const HOUR_MS = 3_600_000;

/** What a reconcile found out about a template. */
export interface TemplateFacts {
  readonly template: Template;
  /** The workspace that it names, if that exists; `unneeded` for a template of somebody's own. */
  readonly workspace: Workspace | 'unneeded' | undefined;
  /** Builds of its images on this installation. */
  readonly builds: readonly ImageBuild[];
  /** The instances that were made of it. */
  readonly instances: readonly Instance[];
  /** The machines that instances of it go on from, and how many there should be. */
  readonly prepared: PreparedFacts;
  /** What is wrong with it. */
  readonly faults: readonly string[];
  readonly now: number;
}

/** What a template is: whether it can be started, and if not, why; and how much it is used. */
export function observeTemplate(facts: TemplateFacts): TemplateStatus {
  const { template, instances, now } = facts;
  const lastUsed = latest([Date.parse(template.status?.lastUsed ?? ''), ...instances.map(usedAt)]);
  const images = imagesOf(facts);
  return {
    ...template.status,
    instances: instances.length,
    ...(lastUsed === undefined ? {} : { lastUsed }),
    ...(images.length > 0 ? { images } : {}),
    conditions: conditionsFrom([ready(facts), valid(facts), ...preparedFindings(facts.prepared)], template.status?.conditions, now),
    observedGeneration: template.metadata.generation ?? 0,
  };
}

// A template looks at all its instances whenever one of them changes; the others are what they were.
const uses = new WeakMap<Instance, number>();

/** When an instance was used last, in milliseconds; NaN when it does not say. */
function usedAt(instance: Instance): number {
  const known = uses.get(instance);
  if (known !== undefined) return known;
  const { creationTimestamp, annotations = {} } = instance.metadata;
  // People who work are seen every minute; that is too often to write it down here.
  const active = Math.floor(Date.parse(annotations[ANNOTATION.lastActivity] ?? '') / HOUR_MS) * HOUR_MS;
  const times = [Date.parse(creationTimestamp ?? ''), Date.parse(annotations[ANNOTATION.lastPoweredOff] ?? ''), active];
  const at = greatest(times) ?? Number.NaN;
  uses.set(instance, at);
  return at;
}

/** In whole seconds, whoever wrote it and however. */
function latest(times: readonly number[]): string | undefined {
  const at = greatest(times);
  return at === undefined ? undefined : rfc3339(at);
}

function greatest(times: readonly number[]): number | undefined {
  const known = times.filter((at) => !Number.isNaN(at));
  return known.length > 0 ? known.reduce((a, b) => Math.max(a, b)) : undefined;
}

/** An image of which nothing is known is not mentioned: whether a registry has it shows when it is pulled. */
function imagesOf({ template, builds, instances }: TemplateFacts): { name: string; present: boolean }[] {
  const names = [...new Set(template.spec.environmentList.map(({ image }) => image))];
  const ran = instances.some(({ status }) => status?.phase === 'Ready' || status?.phase === 'Running');
  const missing = instances.some(({ status }) => status?.conditions?.some(({ reason }) => reason === 'ImageNotFound') === true);
  return names.flatMap((name) => {
    const build = builds.find(({ spec }) => spec.image === name);
    if (build) return [{ name, present: build.status?.phase === 'Ready' }];
    if (ran) return [{ name, present: true }];
    if (missing && names.length === 1) return [{ name, present: false }];
    const before = template.status?.images?.find((it) => it.name === name);
    return before ? [before] : [];
  });
}

function ready({ template, workspace, builds }: TemplateFacts): Finding {
  const no = (reason: string, message: string): Finding => ({ type: 'Ready', status: 'False', reason, message });
  const named = template.spec['workspace.crownlabs.polito.it/WorkspaceRef']?.name;
  if (!workspace) return no('WorkspaceNotFound', `The workspace ${named ?? 'of this namespace'} does not exist.`);
  if (template.spec.environmentList.length === 0) return no('NoEnvironment', 'The template has no environment: add one.');
  const waiting = builds.find(({ status }) => status?.phase !== 'Ready' && status?.phase !== 'OnDemand');
  if (!waiting) return { type: 'Ready', status: 'True', reason: 'Ready', message: `The template can be started.${first(builds)}` };
  const { image } = waiting.spec;
  if (waiting.status?.phase === 'Failed') {
    return no('ImageFailed', `Building the image ${image} failed: ${waiting.status.message ?? 'see the log'}.`);
  }
  const step = waiting.status?.step;
  return no('ImageBuilding', `The image ${image} is being built on this machine${step === undefined ? '' : `: ${step}`}.`);
}

/** What the first start takes that later ones do not. */
function first(builds: readonly ImageBuild[]): string {
  const open = builds.find(({ status }) => status?.phase === 'OnDemand');
  return open ? ` Its image ${open.spec.image} is made by the first start, in about ${open.spec.minutes ?? 'some'} minutes.` : '';
}

/** Said to its teacher: a template with faults is stored and shown, and may not do what was meant. */
function valid({ faults }: TemplateFacts): Finding {
  if (faults.length === 0) return { type: 'Valid', status: 'True', reason: 'Checked', message: 'Nothing is wrong with the template.' };
  return { type: 'Valid', status: 'False', reason: 'Faulty', message: faults.join(' ') };
}
