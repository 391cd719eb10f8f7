import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { quantityOf } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';

const PERCENT = { type: 'Percent', value: 100, periodSeconds: 15 };
const LONGEST_WINDOW = 3600;
const LONGEST_PERIOD = 1800;

/** Who says something of how fast to scale gets the rest that is usual; how long to wait before scaling down is the controller's to say. */
export function defaultBehavior(spec: JsonObject): void {
  const behavior = objectAt(spec, 'behavior');
  if (!behavior) return;
  fill(part(behavior, 'scaleUp'), {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { ...PERCENT }],
  });
  fill(part(behavior, 'scaleDown'), { selectPolicy: 'Max', policies: [{ ...PERCENT }] });
}

/** How fast an autoscaler may scale. */
export function checkBehavior(spec: JsonObject | undefined, check: FieldCheck): void {
  for (const way of ['scaleUp', 'scaleDown']) {
    const rules = objectAt(spec, 'behavior', way);
    if (rules) checkRules(rules, `spec.behavior.${way}`, check);
  }
}

function checkRules(rules: JsonObject, at: string, check: FieldCheck): void {
  const window = numberAt(rules, 'stabilizationWindowSeconds') ?? 0;
  if (window < 0) check.invalid(`${at}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero');
  if (window > LONGEST_WINDOW) check.invalid(`${at}.stabilizationWindowSeconds`, window, `must be less than or equal to ${LONGEST_WINDOW}`);
  check.oneOf(`${at}.selectPolicy`, rules['selectPolicy'], ['Disabled', 'Max', 'Min']);
  const policies = objectsAt(rules, 'policies');
  check.required(`${at}.policies`, policies, 'must specify at least one Policy');
  for (const [index, policy] of policies.entries()) checkPolicy(policy, `${at}.policies[${index}]`, check);
  const tolerance = quantityOf(rules['tolerance']);
  if (tolerance && tolerance.units < 0n) check.invalid(`${at}.tolerance`, rules['tolerance'], 'must be greater than or equal to 0');
}

function checkPolicy(policy: JsonObject, at: string, check: FieldCheck): void {
  check.oneOf(`${at}.type`, textAt(policy, 'type'), ['Percent', 'Pods']);
  for (const field of ['value', 'periodSeconds']) {
    const number = numberAt(policy, field) ?? 0;
    if (number <= 0) check.invalid(`${at}.${field}`, number, 'must be greater than zero');
  }
  const period = numberAt(policy, 'periodSeconds') ?? 0;
  if (period > LONGEST_PERIOD) check.invalid(`${at}.periodSeconds`, period, `must be less than or equal to ${LONGEST_PERIOD}`);
}
