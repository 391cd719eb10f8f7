import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { checkTolerations } from '../pod/placement-validation.ts';
import { checkLabelMap } from '../pod/pod-validation.ts';
import { checkContainerResources } from '../pod/resource-validation.ts';
import type { Strategy } from '../strategy.ts';

/** RuntimeClasses: what runs a pod, what that costs beside the pod, and where it is to be had. */
export const runtimeClass: Strategy = {
  validate(object) {
    const check = new FieldCheck();
    const handler = textAt(object, 'handler');
    if (check.required('handler', handler)) check.named('handler', handler, labelProblems);
    const fixed = objectAt(object, 'overhead', 'podFixed');
    if (fixed) checkContainerResources({ limits: fixed }, 'overhead', check);
    checkScheduling(objectAt(object, 'scheduling'), check);
    return check.errors;
  },
  validateUpdate(object, old) {
    const check = new FieldCheck();
    if (object['handler'] !== old['handler']) check.invalid('handler', object['handler'], IMMUTABLE);
    return check.errors;
  },
  columns: [NAME, textColumn('Handler', (object) => textAt(object, 'handler')), AGE_TEXT],
};

function checkScheduling(scheduling: JsonObject | undefined, check: FieldCheck): void {
  if (!scheduling) return;
  checkLabelMap(objectAt(scheduling, 'nodeSelector'), 'scheduling.nodeSelector', check);
  const tolerations = objectsAt(scheduling, 'tolerations');
  checkTolerations(tolerations, 'scheduling.tolerations', check);
  const seen = new Set<string>();
  for (const [index, one] of tolerations.entries()) {
    const [Key, Operator, Value, Effect] = ['key', 'operator', 'value', 'effect'].map((field) => textAt(one, field));
    const key = JSON.stringify([Key, Operator, Value, Effect]);
    const shown = JSON.stringify({ Key, Operator, Value, Effect, TolerationSeconds: one['tolerationSeconds'] ?? null });
    if (seen.has(key))
      check.add({ type: 'FieldValueDuplicate', field: `scheduling.tolerations[${index}]`, message: `Duplicate value: ${shown}` });
    seen.add(key);
  }
}
