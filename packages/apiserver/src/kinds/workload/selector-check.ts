import { isObject, type Json, type JsonObject } from '../../json.ts';
import { mapAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { labelValueProblems, qualifiedNameProblems } from '../../schema/index.ts';
import { selects } from '../../select/label-match.ts';
import { FieldCheck } from '../field-check.ts';

const WITH_VALUES = ['In', 'NotIn'];
const WITHOUT_VALUES = ['Exists', 'DoesNotExist'];

/** The parts of a label selector. */
export function checkSelector(selector: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!selector) return;
  for (const [key, value] of Object.entries(mapAt(selector, 'matchLabels'))) {
    check.named(`${at}.matchLabels`, key, qualifiedNameProblems);
    check.named(`${at}.matchLabels`, value, labelValueProblems);
  }
  for (const [index, expression] of objectsAt(selector, 'matchExpressions').entries()) {
    checkExpression(expression, `${at}.matchExpressions[${index}]`, check);
  }
}

function checkExpression(expression: JsonObject, at: string, check: FieldCheck): void {
  const operator = textAt(expression, 'operator');
  const values = textsAt(expression, 'values');
  check.named(`${at}.key`, textAt(expression, 'key'), qualifiedNameProblems);
  if (WITH_VALUES.includes(operator)) check.required(`${at}.values`, values, "must be specified when `operator` is 'In' or 'NotIn'");
  else if (WITHOUT_VALUES.includes(operator)) {
    if (values.length > 0) check.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else check.invalid(`${at}.operator`, operator, 'not a valid selector operator');
}

function isEmpty(selector: JsonObject): boolean {
  return Object.keys(mapAt(selector, 'matchLabels')).length === 0 && objectsAt(selector, 'matchExpressions').length === 0;
}

/** The selector of a workload, and that it selects the pods of its own template. */
export function checkOwnSelector(object: JsonObject, kind: string, check: FieldCheck): void {
  const selector = objectAt(object, 'spec', 'selector');
  if (!check.required('spec.selector', selector)) {
    checkTemplateLabels(object, undefined, check);
    return;
  }
  checkSelector(selector, 'spec.selector', check);
  if (selector && isEmpty(selector)) check.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`);
  if (!checksOut(selector)) check.invalid('spec.selector', selector, 'invalid label selector');
  else if (!selector || !isEmpty(selector)) checkTemplateLabels(object, selector, check);
}

/** Whether a selector can be asked at all. */
export function checksOut(selector: JsonObject | undefined): boolean {
  const check = new FieldCheck();
  checkSelector(selector, '', check);
  return check.errors.length === 0;
}

/** That a selector selects the pods of the object's own template. */
export function checkTemplateLabels(object: JsonObject, selector: JsonObject | undefined, check: FieldCheck): void {
  const labels: Json | undefined = objectAt(object, 'spec', 'template', 'metadata')?.['labels'];
  if (selects(selector, mapAt(isObject(labels) ? { labels } : {}, 'labels'))) return;
  check.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
}
