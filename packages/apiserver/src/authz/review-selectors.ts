import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import { forbidden, invalid, labelValueProblems, qualifiedNameProblems, required } from '../schema/index.ts';
import { parseFieldTerms } from '../select/field-selector.ts';
import { parseLabelSelector } from '../select/label-selector.ts';

const AT = 'spec.resourceAttributes';
const FIELDS = 'fieldSelector';
const LABELS = 'labelSelector';
const WITH_VALUES = ['In', 'NotIn'];
const WITHOUT_VALUES = ['Exists', 'DoesNotExist'];

/** What is wrong with the selectors by which a review narrows its question. Operators that nobody knows are let through. */
export function selectorProblems(attributes: JsonObject | undefined): FieldError[] {
  return [FIELDS, LABELS].flatMap((name) => {
    const selector = objectAt(attributes, name);
    return selector ? problemsOf(selector, name) : [];
  });
}

function problemsOf(selector: JsonObject, name: string): FieldError[] {
  const at = `${AT}.${name}`;
  const raw = textAt(selector, 'rawSelector');
  const requirements = objectsAt(selector, 'requirements');
  const problems: FieldError[] = [];
  if (raw !== '' && requirements.length > 0) {
    problems.push(invalid(`${at}.rawSelector`, raw, 'may not specified at the same time as requirements'));
  }
  if (raw === '' && requirements.length === 0) {
    problems.push(required(`${at}.requirements`, `when ${at} is specified, requirements or rawSelector is required`));
  }
  return [...problems, ...requirements.flatMap((one, index) => requirementProblems(one, name, `${at}.requirements[${index}]`))];
}

function requirementProblems(requirement: JsonObject, name: string, at: string): FieldError[] {
  const { key, operator, values } = readRequirement(requirement);
  const problems: FieldError[] = [];
  if (name === FIELDS && key === '') problems.push(required(`${at}.key`, 'must be specified'));
  if (WITH_VALUES.includes(operator) && values.length === 0) {
    problems.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if (WITHOUT_VALUES.includes(operator) && values.length > 0) {
    problems.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  if (name === FIELDS) return problems;
  const ofKey = qualifiedNameProblems(key).map((why) => invalid(`${at}.key`, key, why));
  const ofValues = values.flatMap((value, index) => labelValueProblems(value).map((why) => invalid(`${at}.values[${index}]`, value, why)));
  return [...problems, ...ofKey, ...ofValues];
}

function readRequirement(requirement: JsonObject) {
  return { key: textAt(requirement, 'key'), operator: textAt(requirement, 'operator'), values: textsAt(requirement, 'values') };
}

/** What an answer says of selectors that could not be read. No rule of ours looks at them, so that the answer stands. */
export function selectorRemarks(attributes: JsonObject | undefined): string[] {
  return [FIELDS, LABELS].flatMap((name) => {
    const selector = objectAt(attributes, name);
    const readable = selector && reads(selector, name);
    if (!readable || readable.every((one) => one)) return [];
    return [`${AT}.${name} ${readable.some((one) => one) ? 'partially ' : ''}ignored due to parse error`];
  });
}

/** Of each part, whether it can be read. */
function reads(selector: JsonObject, name: string): boolean[] {
  const raw = textAt(selector, 'rawSelector');
  if (raw !== '') return [parses(raw, name)];
  return objectsAt(selector, 'requirements').map((one) => {
    const { operator, values } = readRequirement(one);
    if (name === FIELDS) return WITH_VALUES.includes(operator) && values.length === 1;
    return WITH_VALUES.includes(operator) || WITHOUT_VALUES.includes(operator);
  });
}

function parses(raw: string, name: string): boolean {
  try {
    if (name === FIELDS) parseFieldTerms(raw);
    else parseLabelSelector(raw);
    return true;
  } catch {
    return false;
  }
}
