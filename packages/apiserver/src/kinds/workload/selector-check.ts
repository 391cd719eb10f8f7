import { isObject, type Json, type JsonObject } from '../../json.ts';
import { mapAt, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { canonicalJson, labelValueProblems, Printed, qualifiedNameProblems } from '../../schema/index.ts';
import { selects } from '../../select/label-match.ts';
import { FieldCheck } from '../field-check.ts';

const labelKeyProblems = (key: string) => qualifiedNameProblems(key, 'a valid label key');

const WITH_VALUES = ['In', 'NotIn'];
const WITHOUT_VALUES = ['Exists', 'DoesNotExist'];

/** The parts of a label selector. */
export function checkSelector(selector: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!selector) return;
  for (const [key, value] of Object.entries(mapAt(selector, 'matchLabels'))) {
    check.named(`${at}.matchLabels`, key, labelKeyProblems);
    check.named(`${at}.matchLabels`, value, labelValueProblems);
  }
  for (const [index, expression] of objectsAt(selector, 'matchExpressions').entries()) {
    checkExpression(expression, `${at}.matchExpressions[${index}]`, check);
  }
}

function checkExpression(expression: JsonObject, at: string, check: FieldCheck): void {
  const operator = textAt(expression, 'operator');
  const values = textsAt(expression, 'values');
  check.named(`${at}.key`, textAt(expression, 'key'), labelKeyProblems);
  for (const [index, value] of values.entries()) check.named(`${at}.values[${index}]`, value, labelValueProblems);
  if (WITH_VALUES.includes(operator)) check.required(`${at}.values`, values, "must be specified when `operator` is 'In' or 'NotIn'");
  else if (WITHOUT_VALUES.includes(operator)) {
    if (values.length > 0) check.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else check.invalid(`${at}.operator`, operator, 'not a valid selector operator');
}

function isEmpty(selector: JsonObject): boolean {
  return Object.keys(mapAt(selector, 'matchLabels')).length === 0 && objectsAt(selector, 'matchExpressions').length === 0;
}

/** The selector of a workload, and that it selects the pods of its own template; whether the template is worth a look after that. */
export function checkOwnSelector(object: JsonObject, kind: string, check: FieldCheck, broken = 'invalid label selector'): boolean {
  const selector = objectAt(object, 'spec', 'selector');
  if (!check.required('spec.selector', selector)) {
    checkTemplateLabels(object, undefined, check);
    return true;
  }
  checkSelector(selector, 'spec.selector', check);
  if (selector && isEmpty(selector)) check.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`);
  if (!checksOut(selector)) {
    check.invalid('spec.selector', selector && printedSelector(selector), broken);
    return false;
  }
  if (!selector || !isEmpty(selector)) checkTemplateLabels(object, selector, check);
  return true;
}

/** The selector of a DaemonSet, which is asked in any case. */
export function checkDaemonSelector(object: JsonObject, check: FieldCheck): void {
  const selector = objectAt(object, 'spec', 'selector');
  checkSelector(selector, 'spec.selector', check);
  if (checksOut(selector)) checkTemplateLabels(object, selector, check);
  if (selector && isEmpty(selector)) check.invalid('spec.selector', selector, 'empty selector is invalid for daemonset');
}

/** A selector as messages print it. */
export function printedSelector({ matchLabels, matchExpressions }: JsonObject): Printed {
  return new Printed(canonicalParts({ matchLabels, matchExpressions }));
}

function canonicalParts(parts: JsonObject): string {
  const told = Object.entries(parts).filter(([, value]) => value !== undefined);
  return `{${told.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`;
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
