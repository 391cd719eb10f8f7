import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { duplicate } from '../../schema/index.ts';
import { checkDomainPath } from '../core/domain-path.ts';
import type { FieldCheck } from '../field-check.ts';
import { readIndexes } from './job-indexes.ts';

/** When a Job gives up or is done early, who runs it, and what of it needs numbered pods. */
export function checkJobPolicies(spec: JsonObject, at: string, check: FieldCheck): void {
  checkIndexed(spec, at, check);
  const manager = spec['managedBy'];
  if (typeof manager === 'string') checkDomainPath(`${at}.managedBy`, manager, check);
  const failure = objectAt(spec, 'podFailurePolicy');
  checkFailurePolicy(spec, `${at}.podFailurePolicy`, check);
  checkSuccessPolicy(spec, `${at}.successPolicy`, check);
  const replaced = failure ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  check.oneOf(`${at}.podReplacementPolicy`, spec['podReplacementPolicy'], replaced);
  const restart = textAt(spec, 'template', 'spec', 'restartPolicy');
  if (failure && restart === 'OnFailure')
    check.invalid(`${at}.template.spec.restartPolicy`, restart, 'only "Never" is supported when podFailurePolicy is specified');
}

function checkIndexed(spec: JsonObject, at: string, check: FieldCheck): void {
  const perIndex = numberAt(spec, 'backoffLimitPerIndex');
  const most = numberAt(spec, 'maxFailedIndexes');
  const completions = numberAt(spec, 'completions');
  if (most !== undefined && perIndex === undefined)
    check.required(`${at}.backoffLimitPerIndex`, undefined, 'when maxFailedIndexes is specified');
  if (spec['completionMode'] !== 'Indexed') {
    if (perIndex !== undefined) check.invalid(`${at}.backoffLimitPerIndex`, perIndex, 'requires indexed completion mode');
    if (most !== undefined) check.invalid(`${at}.maxFailedIndexes`, most, 'requires indexed completion mode');
    return;
  }
  const parallel = numberAt(spec, 'parallelism') ?? 0;
  if (parallel > MOST_PARALLEL)
    check.invalid(`${at}.parallelism`, parallel, `must be less than or equal to ${MOST_PARALLEL} when completion mode is Indexed`);
  if (most !== undefined && completions !== undefined && most > completions)
    check.invalid(`${at}.maxFailedIndexes`, most, 'must be less than or equal to completions');
}

const MOST_PARALLEL = 100_000;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

function checkFailurePolicy(spec: JsonObject, at: string, check: FieldCheck): void {
  for (const [index, rule] of objectsAt(spec, 'podFailurePolicy', 'rules').entries()) {
    const field = `${at}.rules[${index}]`;
    const action = rule['action'];
    if (check.required(`${field}.action`, action, `valid values: ${ACTIONS.map((one) => `"${one}"`).join(', ')}`))
      check.oneOf(`${field}.action`, action, ACTIONS);
    if (action === 'FailIndex' && spec['backoffLimitPerIndex'] === undefined)
      check.invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set');
    const codes = objectAt(rule, 'onExitCodes');
    const conditions = objectsAt(rule, 'onPodConditions');
    if (codes) checkExitCodes(codes, `${field}.onExitCodes`, check);
    for (const [number, one] of conditions.entries())
      check.oneOf(`${field}.onPodConditions[${number}].status`, one['status'], ['False', 'True', 'Unknown']);
    if (codes && conditions.length > 0) check.add({ ...EITHER, field, message: `Invalid value: ${NOT_BOTH}` });
    if (!codes && conditions.length === 0) check.add({ ...EITHER, field, message: `Invalid value: ${NEITHER}` });
  }
}

const EITHER = { type: 'FieldValueInvalid' } as const;
const NOT_BOTH = 'specifying both OnExitCodes and OnPodConditions is not supported';
const NEITHER = 'specifying one of OnExitCodes and OnPodConditions is required';

function checkExitCodes(codes: JsonObject, at: string, check: FieldCheck): void {
  const operator = codes['operator'];
  check.oneOf(`${at}.operator`, operator, ['In', 'NotIn']);
  const values = Array.isArray(codes['values']) ? codes['values'] : [];
  if (values.length === 0) check.invalid(`${at}.values`, values, 'at least one value is required');
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) < index) check.add(duplicate(`${at}.values[${index}]`, value));
    if (value === 0 && operator === 'In') check.invalid(`${at}.values[${index}]`, value, 'must not be 0 for the In operator');
  }
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.some((value, index) => index > 0 && (numbers[index - 1] ?? value) > value))
    check.invalid(`${at}.values`, values, 'must be ordered');
}

function checkSuccessPolicy(spec: JsonObject, at: string, check: FieldCheck): void {
  const policy = objectAt(spec, 'successPolicy');
  if (!policy) return;
  if (spec['completionMode'] !== 'Indexed') {
    check.invalid(at, policy, 'requires indexed completion mode');
    return;
  }
  const rules = objectsAt(policy, 'rules');
  check.required(`${at}.rules`, rules, 'at least one rules must be specified when the successPolicy is specified');
  for (const [index, rule] of rules.entries())
    checkSuccessRule(rule, numberAt(spec, 'completions') ?? 0, { at: `${at}.rules[${index}]`, check });
}

function checkSuccessRule(rule: JsonObject, completions: number, { at, check }: { at: string; check: FieldCheck }): void {
  const count = numberAt(rule, 'succeededCount');
  const indexes = textAt(rule, 'succeededIndexes');
  if (count === undefined && rule['succeededIndexes'] === undefined) {
    check.required(at, undefined, 'at least one of succeededCount or succeededIndexes must be specified');
    return;
  }
  check.nonNegative(`${at}.succeededCount`, count);
  const above = (most: number, what: string) => {
    if (count !== undefined && count > most)
      check.invalid(`${at}.succeededCount`, count, `must be less than or equal to ${most} (the number of ${what})`);
  };
  above(completions, 'specified completions');
  if (rule['succeededIndexes'] === undefined) return;
  const read = readIndexes(indexes, completions);
  if ('problem' in read) check.invalid(`${at}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${read.problem}`);
  else above(read.total, 'indexes in the specified succeededIndexes field');
}
