import { duration } from '../../codec/age.ts';
import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { ensureObject, mapAt, numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual, labelProblems, labelValueProblems } from '../../schema/index.ts';
import { selects } from '../../select/label-match.ts';
import { AGE_TEXT, containerColumns, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { templateContainers } from './deployment.ts';
import { checkJobPolicies } from './job-policies.ts';
import { checkJobStatus, jobIs } from './job-status.ts';
import { checkSelector, checksOut, checkTemplateLabels } from './selector-check.ts';
import { checkTemplate } from './template-check.ts';
import { nameWarnings, templateWarnings } from './template-warnings.ts';

/** Defaults of a Job's spec, in place; a CronJob's template has them too. */
export function defaultJobSpec(job: JsonObject): void {
  defaultTemplate(job);
  const spec = part(job, 'spec');
  // A Job that says neither runs one pod to completion; with a number of workers alone it is a work queue.
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) fill(spec, { completions: 1 });
  fill(spec, {
    parallelism: 1,
    backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2147483647,
    completionMode: 'NonIndexed',
    suspend: false,
  });
  for (const rule of objectsAt(spec, 'podFailurePolicy', 'rules'))
    for (const condition of objectsAt(rule, 'onPodConditions')) if (textAt(condition, 'status') === '') condition['status'] = 'True';
  fill(spec, { podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed', manualSelector: false });
}

function defaults(job: JsonObject): void {
  defaultJobSpec(job);
  const labels = mapAt(job, 'spec', 'template', 'metadata', 'labels');
  if (Object.keys(labels).length > 0) fill(part(job, 'metadata'), { labels: { ...labels } });
}

/** What pods of a Job are known by, in the words of today and of before. */
function ownLabels(job: JsonObject): Record<string, string> {
  const name = textAt(job, 'metadata', 'name');
  const uid = textAt(job, 'metadata', 'uid');
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
}

/** Every Job knows its pods by its uid, unless its owner says otherwise. */
function generateSelector(job: JsonObject): void {
  const spec = part(job, 'spec');
  if (spec['manualSelector'] === true) return;
  const name = textAt(job, 'metadata', 'name');
  const uid = textAt(job, 'metadata', 'uid');
  const own = ownLabels(job);
  // A Job without labels of its own has those of its pods, these among them.
  const metadata = part(job, 'metadata');
  const labels = ensureObject(spec, 'template', 'metadata', 'labels');
  if (jsonEqual(metadata['labels'] ?? {}, labels) && labelValueProblems(name).length === 0) metadata['labels'] = { ...labels, ...own };
  // What somebody chose for one of them is for the check to refuse.
  for (const [key, value] of Object.entries(own)) labels[key] ??= value;
  ensureObject(spec, 'selector', 'matchLabels')['batch.kubernetes.io/controller-uid'] = uid;
}

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
];

/** The parts of a Job's spec that a CronJob's template has too. */
export function checkJobSpec(owner: JsonObject, at: string, check: FieldCheck): void {
  const spec = objectAt(owner, ...at.split('.'));
  for (const field of COUNTS) check.nonNegative(`${at}.${field}`, spec?.[field]);
  check.oneOf(`${at}.completionMode`, spec?.['completionMode'], ['NonIndexed', 'Indexed']);
  if (spec?.['completionMode'] === 'Indexed') check.required(`${at}.completions`, spec['completions'], 'when completion mode is Indexed');
  checkJobPolicies(spec ?? {}, at, check);
  checkTemplate(owner, check, `${at}.template`);
  const policy = textAt(spec, 'template', 'spec', 'restartPolicy');
  if (policy === 'Always') check.required(`${at}.template.spec.restartPolicy`, undefined, 'valid values: "OnFailure", "Never"');
  else check.oneOf(`${at}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']);
}

function validate(job: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const selector = objectAt(job, 'spec', 'selector');
  checkGenerated(job, check);
  if (check.required('spec.selector', selector)) checkSelector(selector, 'spec.selector', check);
  if (checksOut(selector)) checkTemplateLabels(job, selector, check);
  checkJobSpec(job, 'spec', check);
  checkLastHostname(job, check);
  return check.errors;
}

/** Pods that are numbered have their number in their name. */
function checkLastHostname(job: JsonObject, check: FieldCheck): void {
  const completions = numberAt(job, 'spec', 'completions') ?? 0;
  if (objectAt(job, 'spec')?.['completionMode'] !== 'Indexed' || completions <= 0) return;
  const name = textAt(job, 'metadata', 'name');
  const last = `${name}-${completions - 1}`;
  if (labelProblems(last).length > 0) check.invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`);
}

/** A selector that nobody chose knows the Job's own pods and no more. */
function checkGenerated(job: JsonObject, check: FieldCheck): void {
  const spec = objectAt(job, 'spec');
  const selector = objectAt(spec, 'selector');
  if (!selector || spec?.['manualSelector'] === true || !checksOut(selector)) return;
  const own = ownLabels(job);
  const labels = mapAt(spec, 'template', 'metadata', 'labels');
  for (const [key, value] of Object.entries(own))
    if (labels[key] !== value) check.invalid(`spec.template.metadata.labels[${key}]`, labels, `must be '${value}'`);
  if (!selects(selector, own)) check.invalid('spec.selector', selector, '`selector` not auto-generated');
}

/** What a Job that was never started may still say about where its pods run. */
const DIRECTIVES = ['nodeSelector', 'affinity', 'tolerations', 'schedulingGates'];

function templateKept(job: JsonObject, old: JsonObject, check: FieldCheck): void {
  const waits = objectAt(old, 'spec')?.['suspend'] === true && textAt(old, 'status', 'startTime') === '';
  const template = objectAt(job, 'spec', 'template') ?? {};
  const before = objectAt(old, 'spec', 'template') ?? {};
  const rest = (of: JsonObject) =>
    Object.fromEntries(Object.entries(objectAt(of, 'spec') ?? {}).filter(([key]) => !waits || !DIRECTIVES.includes(key)));
  if (!jsonEqual(rest(template), rest(before))) check.invalid('spec.template.spec', template['spec'], IMMUTABLE);
  else if (!waits && !jsonEqual(template, before)) check.invalid('spec.template', template, IMMUTABLE);
}

const FIXED = ['completions', 'selector', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'];

function validateUpdate(job: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(job, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  for (const field of FIXED) {
    if (jsonEqual(spec[field], before[field])) continue;
    const elastic = field === 'completions' && spec['completionMode'] === 'Indexed' && spec['completions'] === spec['parallelism'];
    if (!elastic) check.invalid(`spec.${field}`, spec[field], IMMUTABLE);
  }
  templateKept(job, old, check);
  return check.errors;
}

function statusText(job: JsonObject): string {
  for (const type of ['Complete', 'Failed']) if (jobIs(job, type)) return type;
  if (textAt(job, 'metadata', 'deletionTimestamp') !== '') return 'Terminating';
  if (jobIs(job, 'Suspended')) return 'Suspended';
  if (jobIs(job, 'FailureTarget')) return 'FailureTarget';
  return jobIs(job, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completionsText(job: JsonObject): string {
  const done = numberAt(job, 'status', 'succeeded') ?? 0;
  const wanted = numberAt(job, 'spec', 'completions');
  if (wanted !== undefined) return `${done}/${wanted}`;
  const parallel = numberAt(job, 'spec', 'parallelism') ?? 1;
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`;
}

function durationText(job: JsonObject, now: number): string {
  const started = Date.parse(textAt(job, 'status', 'startTime'));
  if (Number.isNaN(started)) return '';
  const ended = Date.parse(textAt(job, 'status', 'completionTime'));
  return duration(Math.floor(((Number.isNaN(ended) ? now : ended) - started) / 1000));
}

function warnings(object: JsonObject, old: JsonObject | undefined): string[] {
  return [
    ...(old ? [] : nameWarnings(object, 'Pod names and hostnames')),
    ...templateWarnings('spec')(object, old),
    ...(textAt(object, 'spec', 'completionMode') === 'Indexed' &&
    (numberAt(object, 'spec', 'completions') ?? 0) > 100_000 &&
    (numberAt(object, 'spec', 'parallelism') ?? 0) > 10_000
      ? [
          'spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
        ]
      : []),
  ];
}

/** Jobs. */
export const job: Strategy = {
  warnings,
  defaults,
  prepare(object, old) {
    if (!old) generateSelector(object);
  },
  validate,
  validateUpdate,
  validateStatus: checkJobStatus,
  columns: [
    NAME,
    textColumn('Status', statusText),
    textColumn('Completions', completionsText),
    textColumn('Duration', durationText),
    AGE_TEXT,
    ...containerColumns(templateContainers),
    textColumn('Selector', (object) => selectorText(isObject(object['spec']) ? object['spec']['selector'] : undefined), 1),
  ],
  fieldSelectors: { 'status.successful': (object) => String(numberAt(object, 'status', 'succeeded') ?? 0) },
};
