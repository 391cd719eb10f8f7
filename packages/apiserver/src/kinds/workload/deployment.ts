import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual, notSupported, Printed } from '../../schema/index.ts';
import { AGE_TEXT, containerColumns, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { checkAtMostWhole, checkIntOrPercent, isZeroShare } from './int-or-percent.ts';
import { checkOwnSelector } from './selector-check.ts';
import { countsCheck } from './status-counts.ts';
import { checkRestarts, checkTemplate } from './template-check.ts';
import { namesakeWarnings } from './template-warnings.ts';

function defaults(deployment: JsonObject): void {
  defaultTemplate(deployment);
  const spec = part(deployment, 'spec');
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = part(spec, 'strategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') fill(part(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
}

function checkStrategy(spec: JsonObject | undefined, check: FieldCheck): void {
  const type = objectAt(spec, 'strategy')?.['type'];
  if (type !== undefined && type !== 'Recreate' && type !== 'RollingUpdate')
    check.add(notSupported('spec.strategy', printedStrategy(objectAt(spec, 'strategy')), ['Recreate', 'RollingUpdate']));
  const rolling = objectAt(spec, 'strategy', 'rollingUpdate');
  if (!rolling) return;
  const at = 'spec.strategy.rollingUpdate';
  if (type === 'Recreate') {
    check.forbidden(at, "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  for (const field of ['maxUnavailable', 'maxSurge']) checkIntOrPercent(`${at}.${field}`, rolling[field], check);
  checkAtMostWhole(`${at}.maxUnavailable`, rolling['maxUnavailable'], check);
  if (isZeroShare(rolling['maxUnavailable']) && isZeroShare(rolling['maxSurge'])) {
    check.invalid(`${at}.maxUnavailable`, rolling['maxUnavailable'], 'may not be 0 when `maxSurge` is 0');
  }
}

/** How pods are replaced, as messages print it. */
export function printedStrategy(strategy: JsonObject | undefined): Printed {
  const rolling = objectAt(strategy, 'rollingUpdate');
  const shares = rolling && { MaxUnavailable: rolling['maxUnavailable'] ?? 0, MaxSurge: rolling['maxSurge'] ?? 0 };
  return new Printed(JSON.stringify({ Type: textAt(strategy, 'type'), RollingUpdate: shares ?? null }));
}

function validate(deployment: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(deployment, 'spec');
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'])
    check.nonNegative(`spec.${field}`, spec?.[field]);
  if (checkOwnSelector(deployment, 'deployment', check)) {
    checkTemplate(deployment, check);
    checkRestarts(deployment, 'ReplicaSet', check);
  }
  checkStrategy(spec, check);
  const deadline = numberAt(spec, 'progressDeadlineSeconds');
  if (deadline !== undefined && deadline <= (numberAt(spec, 'minReadySeconds') ?? 0)) {
    check.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
  return check.errors;
}

/** The selector of a workload never changes. */
export function selectorKept(object: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const selector = objectAt(object, 'spec', 'selector');
  if (!jsonEqual(selector, objectAt(old, 'spec', 'selector'))) check.invalid('spec.selector', selector, IMMUTABLE);
  return check.errors;
}

/** Containers of the template. */
export const templateContainers = (object: JsonObject): JsonObject[] => objectsAt(object, 'spec', 'template', 'spec', 'containers');

const status = (field: string) => (object: JsonObject) => numberAt(object, 'status', field) ?? 0;

/** Deployments. */
export const deployment: Strategy = {
  warnings: namesakeWarnings,
  defaults,
  validate,
  validateUpdate: (object, old) => selectorKept(object, old),
  validateStatus: countsCheck({
    counts: [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
    ],
    parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    ready: 'readyReplicas',
  }),
  columns: [
    NAME,
    textColumn('Ready', (object) => `${status('readyReplicas')(object)}/${numberAt(object, 'spec', 'replicas') ?? 0}`),
    textColumn('Up-to-date', status('updatedReplicas')),
    textColumn('Available', status('availableReplicas')),
    AGE_TEXT,
    ...containerColumns(templateContainers),
    textColumn('Selector', (object) => selectorText(isObject(object['spec']) ? object['spec']['selector'] : undefined), 1),
  ],
};
