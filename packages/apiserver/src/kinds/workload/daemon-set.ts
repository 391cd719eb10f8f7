import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { ensureObject, mapAt, numberAt, objectAt } from '../../json-read.ts';
import { jsonEqual, notSupported } from '../../schema/index.ts';
import { AGE_TEXT, containerColumns, countColumn, mapText, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { printedStrategy, selectorKept, templateContainers } from './deployment.ts';
import { checkIntOrPercent, isZeroShare } from './int-or-percent.ts';
import { checkDaemonSelector } from './selector-check.ts';
import { countsCheck } from './status-counts.ts';
import { checkRestarts, checkTemplate } from './template-check.ts';
import { templateWarnings } from './template-warnings.ts';

function defaults(set: JsonObject): void {
  defaultTemplate(set);
  const spec = part(set, 'spec');
  fill(spec, { revisionHistoryLimit: 10 });
  const update = part(spec, 'updateStrategy');
  fill(update, { type: 'RollingUpdate' });
  if (update['type'] === 'RollingUpdate') fill(part(update, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
}

const GENERATION = 'deprecated.daemonset.template.generation';

/** How often the template has changed is told in an annotation. */
function countTemplates(set: JsonObject, old: JsonObject | undefined): void {
  const before = Number(mapAt(old, 'metadata', 'annotations')[GENERATION] ?? 0);
  const changed = !old || !jsonEqual(objectAt(set, 'spec', 'template'), objectAt(old, 'spec', 'template'));
  ensureObject(set, 'metadata', 'annotations')[GENERATION] = String(changed ? before + 1 : before);
}

function checkUpdateStrategy(update: JsonObject | undefined, check: FieldCheck): void {
  const at = 'spec.updateStrategy';
  const type = update?.['type'];
  if (type !== 'RollingUpdate' && type !== 'OnDelete') check.add(notSupported(at, printedStrategy(update), ['RollingUpdate', 'OnDelete']));
  const rolling = objectAt(update, 'rollingUpdate');
  if (type !== 'RollingUpdate' || !rolling) return;
  const { maxUnavailable, maxSurge } = rolling;
  for (const field of ['maxUnavailable', 'maxSurge']) checkIntOrPercent(`${at}.rollingUpdate.${field}`, rolling[field], check);
  if (isZeroShare(maxUnavailable) && isZeroShare(maxSurge))
    check.required(`${at}.rollingUpdate.maxUnavailable`, undefined, 'cannot be 0 when maxSurge is 0');
  if (!isZeroShare(maxUnavailable) && !isZeroShare(maxSurge))
    check.invalid(`${at}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero');
}

function validate(set: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(set, 'spec');
  for (const field of ['minReadySeconds', 'revisionHistoryLimit']) check.nonNegative(`spec.${field}`, spec?.[field]);
  checkDaemonSelector(set, check);
  checkTemplate(set, check);
  checkRestarts(set, 'DaemonSet', check);
  checkUpdateStrategy(objectAt(spec, 'updateStrategy'), check);
  return check.errors;
}

const count = (name: string, field: string) => countColumn(name, (object) => numberAt(object, 'status', field) ?? 0);

/** DaemonSets. */
export const daemonSet: Strategy = {
  warnings: templateWarnings('spec'),
  defaults,
  prepare: countTemplates,
  validate,
  validateUpdate: (object, old) => selectorKept(object, old),
  validateStatus: countsCheck({
    counts: [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
    ],
  }),
  columns: [
    NAME,
    count('Desired', 'desiredNumberScheduled'),
    count('Current', 'currentNumberScheduled'),
    count('Ready', 'numberReady'),
    count('Up-to-date', 'updatedNumberScheduled'),
    count('Available', 'numberAvailable'),
    textColumn('Node Selector', (object) => mapText({ ...mapAt(object, 'spec', 'template', 'spec', 'nodeSelector') })),
    AGE_TEXT,
    ...containerColumns(templateContainers),
    textColumn('Selector', (object) => selectorText(isObject(object['spec']) ? object['spec']['selector'] : undefined), 1),
  ],
};
