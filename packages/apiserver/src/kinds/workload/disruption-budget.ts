import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt } from '../../json-read.ts';
import { Printed } from '../../schema/index.ts';
import { AGE_TEXT, countColumn, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';
import { checkAtMostWhole, checkIntOrPercent } from './int-or-percent.ts';
import { checkSelector } from './selector-check.ts';

const limit = (field: string) => (object: JsonObject) => {
  const value = objectAt(object, 'spec')?.[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'N/A';
};

function printed(spec: JsonObject): Printed {
  const { minAvailable: MinAvailable, maxUnavailable: MaxUnavailable, unhealthyPodEvictionPolicy: policy = null } = spec;
  const selector = objectAt(spec, 'selector') ?? null;
  return new Printed(JSON.stringify({ MinAvailable, Selector: selector, MaxUnavailable, UnhealthyPodEvictionPolicy: policy }));
}

/** PodDisruptionBudgets. */
export const disruptionBudget: Strategy = {
  initialStatus: () => ({ currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
  validate(budget) {
    const check = new FieldCheck();
    const spec = objectAt(budget, 'spec');
    if (spec?.['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
      check.invalid('spec', printed(spec), 'minAvailable and maxUnavailable cannot be both set');
    }
    for (const field of ['minAvailable', 'maxUnavailable']) {
      checkIntOrPercent(`spec.${field}`, spec?.[field], check);
      checkAtMostWhole(`spec.${field}`, spec?.[field], check);
    }
    check.oneOf('spec.unhealthyPodEvictionPolicy', spec?.['unhealthyPodEvictionPolicy'], ['AlwaysAllow', 'IfHealthyBudget']);
    checkSelector(objectAt(spec, 'selector'), 'spec.selector', check);
    return check.errors;
  },
  validateStatus(budget) {
    const check = new FieldCheck();
    const status = objectAt(budget, 'status');
    for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'])
      check.nonNegative(`status.${field}`, status?.[field]);
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Min Available', limit('minAvailable')),
    textColumn('Max Unavailable', limit('maxUnavailable')),
    countColumn('Allowed Disruptions', (object) => numberAt(object, 'status', 'disruptionsAllowed') ?? 0),
    AGE_TEXT,
  ],
};
