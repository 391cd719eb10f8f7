import { age } from '../../codec/age.ts';
import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { notSupported } from '../../schema/index.ts';
import { AGE_TEXT, containerColumns, countColumn, NONE, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { scheduleProblem } from './cron-schedule.ts';
import { checkJobSpec, defaultJobSpec } from './job.ts';
import { nameWarnings, templateWarnings } from './template-warnings.ts';

function defaults(cron: JsonObject): void {
  const spec = part(cron, 'spec');
  fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  const template = objectAt(spec, 'jobTemplate', 'spec', 'template', 'spec');
  // Only the pod template: what a Job itself defaults is left to the Jobs that are made of it.
  if (template) {
    const scratch: JsonObject = { spec: { template: { spec: template } } };
    defaultJobSpec(scratch);
  }
}

function timeZoneProblem(zone: string): string | undefined {
  if (zone === '') return 'timeZone must be nil or non-empty string';
  if (zone.toLowerCase() === 'local') return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return `unknown time zone ${zone}`;
  }
}

/** Every Job of a schedule has pods of its own, so that no selector fits them all. */
function checkUnselected(spec: JsonObject | undefined, check: FieldCheck): void {
  const at = 'spec.jobTemplate.spec';
  if (spec?.['selector'] !== undefined) check.invalid(`${at}.selector`, spec['selector'], '`selector` will be auto-generated');
  if (spec?.['manualSelector'] === true) check.add(notSupported(`${at}.manualSelector`, true, ['nil', 'false']));
}

function validate(cron: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(cron, 'spec');
  const schedule = textAt(spec, 'schedule');
  if (check.required('spec.schedule', schedule)) {
    const problem = scheduleProblem(schedule);
    if (problem !== undefined) check.invalid('spec.schedule', schedule, problem);
  }
  const zone = spec?.['timeZone'];
  const unknown = typeof zone === 'string' ? timeZoneProblem(zone) : undefined;
  if (unknown !== undefined) check.invalid('spec.timeZone', zone, unknown);
  check.oneOf('spec.concurrencyPolicy', spec?.['concurrencyPolicy'], ['Allow', 'Forbid', 'Replace']);
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
    check.nonNegative(`spec.${field}`, spec?.[field]);
  checkUnselected(objectAt(spec, 'jobTemplate', 'spec'), check);
  checkJobSpec(cron, 'spec.jobTemplate.spec', check);
  const name = textAt(cron, 'metadata', 'name');
  // The Jobs' names add eleven characters and become labels of pods.
  if (name.length > 52) check.invalid('metadata.name', name, 'must be no more than 52 characters');
  return check.errors;
}

/** CronJobs. */
export const cronJob: Strategy = {
  warnings: (object, old) => [
    ...(old ? [] : nameWarnings(object, 'Pod names and hostnames')),
    ...templateWarnings('spec', 'jobTemplate', 'spec')(object, old),
  ],
  defaults,
  validate,
  columns: [
    NAME,
    textColumn('Schedule', (object) => textAt(object, 'spec', 'schedule')),
    textColumn('Timezone', (object) => textAt(object, 'spec', 'timeZone') || NONE),
    { name: 'Suspend', type: 'boolean', cell: (object) => (objectAt(object, 'spec')?.['suspend'] === true ? 'True' : 'False') },
    countColumn('Active', (object) => objectsAt(object, 'status', 'active').length),
    textColumn('Last Schedule', (object, now) => {
      const last = textAt(object, 'status', 'lastScheduleTime');
      return last === '' ? NONE : age(last, now);
    }),
    AGE_TEXT,
    ...containerColumns((object) => objectsAt(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers')),
    textColumn('Selector', (object) => selectorText(objectAt(object, 'spec', 'jobTemplate', 'spec')?.['selector']), 1),
  ],
};
