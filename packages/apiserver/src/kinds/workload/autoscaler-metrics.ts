import type { Json, JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems, pathSegmentProblems, quantityOf } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkContainerResourceName } from '../pod/resource-validation.ts';

const SOURCES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'] as const;
const UTILIZATION = 'must set either a target raw value or a target utilization';

interface Place {
  readonly at: string;
  readonly check: FieldCheck;
}

/** What an autoscaler looks at: each metric names one source, and what to reach there. */
export function checkMetrics(spec: JsonObject | undefined, check: FieldCheck): void {
  const metrics = objectsAt(spec, 'metrics');
  for (const [index, metric] of metrics.entries()) checkMetric(metric, { at: `spec.metrics[${index}]`, check });
  const fromOutside = metrics.some((metric) => ['Object', 'External'].includes(textAt(metric, 'type')));
  if (numberAt(spec, 'minReplicas') === 0 && !fromOutside)
    check.forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas');
}

const CHECKS: readonly (readonly [string, (source: JsonObject, place: Place) => void])[] = [
  ['object', checkObject],
  ['external', checkExternal],
  ['pods', checkPods],
  ['resource', checkResource],
  ['containerResource', checkContainerResource],
];

function checkMetric(metric: JsonObject, { at, check }: Place): void {
  const type = textAt(metric, 'type');
  const known = SOURCES.find((one) => one === type);
  if (type === '') check.required(`${at}.type`, undefined, 'must specify a metric source type');
  if (!known) check.oneOf(`${at}.type`, type, SOURCES);
  const present = CHECKS.filter(([field]) => objectAt(metric, field));
  const [first] = present;
  if (first) first[1](objectAt(metric, first[0]) ?? {}, { at: `${at}.${first[0]}`, check });
  const own = known === undefined ? '' : `${known.charAt(0).toLowerCase()}${known.slice(1)}`;
  if (!known) check.oneOf(`${at}.type`, type, SOURCES);
  else if (!objectAt(metric, own)) check.required(`${at}.${own}`, undefined, 'must populate information for the given metric source');
  if (present.length === 1) return;
  for (const [field] of present) if (field !== own) check.forbidden(`${at}.${field}`, 'must populate the given metric source only');
}

function checkObject(source: JsonObject, { at, check }: Place): void {
  checkReference(objectAt(source, 'describedObject'), { at: `${at}.describedObject`, check }, false);
  const target = checkIdentified(source, { at, check });
  if (!has(target, 'value') && !has(target, 'averageValue'))
    check.required(`${at}.target.averageValue`, undefined, 'must set either a target value or averageValue');
}

function checkExternal(source: JsonObject, { at, check }: Place): void {
  const target = checkIdentified(source, { at, check });
  const [value, average] = [has(target, 'value'), has(target, 'averageValue')];
  if (!value && !average)
    check.required(`${at}.target.averageValue`, undefined, 'must set either a target value for metric or a per-pod target');
  if (value && average) check.forbidden(`${at}.target.value`, 'may not set both a target value for metric and a per-pod target');
}

function checkPods(source: JsonObject, { at, check }: Place): void {
  const target = checkIdentified(source, { at, check });
  if (!has(target, 'averageValue')) check.required(`${at}.target.averageValue`, undefined, 'must specify a positive target averageValue');
}

function checkResource(source: JsonObject, { at, check }: Place): void {
  check.required(`${at}.name`, textAt(source, 'name'), 'must specify a resource name');
  checkUse(source, { at, check });
}

function checkContainerResource(source: JsonObject, { at, check }: Place): void {
  const name = textAt(source, 'name');
  if (check.required(`${at}.name`, name, 'must specify a resource name')) checkContainerResourceName(name, `${at}.name`, check);
  const container = textAt(source, 'container');
  if (check.required(`${at}.container`, container, 'must specify a container')) check.named(`${at}.container`, container, labelProblems);
  checkUse(source, { at, check });
}

/** Resources are wanted as an amount or as a share of what was requested. */
function checkUse(source: JsonObject, { at, check }: Place): void {
  const target = objectAt(source, 'target');
  checkTarget(target, { at: `${at}.target`, check });
  const [share, amount] = [has(target, 'averageUtilization'), has(target, 'averageValue')];
  if (!share && !amount) check.required(`${at}.target.averageUtilization`, undefined, UTILIZATION);
  if (share && amount) check.forbidden(`${at}.target.averageValue`, 'may not set both a target raw value and a target utilization');
}

const has = (target: JsonObject | undefined, field: string) => target?.[field] !== undefined;

function checkIdentified(source: JsonObject, { at, check }: Place): JsonObject | undefined {
  const name = textAt(source, 'metric', 'name');
  if (check.required(`${at}.metric.name`, name, 'must specify a metric name')) check.named(`${at}.metric.name`, name, pathSegmentProblems);
  const target = objectAt(source, 'target');
  checkTarget(target, { at: `${at}.target`, check });
  return target;
}

function checkTarget(target: JsonObject | undefined, { at, check }: Place): void {
  const type = textAt(target, 'type');
  if (type === '') check.required(`${at}.type`, undefined, 'must specify a metric target type');
  if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    check.invalid(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue');
  for (const field of ['value', 'averageValue']) {
    const given: Json | undefined = target?.[field];
    const amount = quantityOf(given);
    if (amount && amount.units <= 0n) check.invalid(`${at}.${field}`, given, 'must be positive');
  }
  const share = numberAt(target, 'averageUtilization');
  if (share !== undefined && share < 1) check.invalid(`${at}.averageUtilization`, share, 'must be greater than 0');
}

/** A reference to an object of any kind; what is scaled must say of which group. */
export function checkReference(ref: JsonObject | undefined, { at, check }: Place, needsGroup: boolean): void {
  for (const field of ['kind', 'name']) {
    const value = textAt(ref, field);
    if (check.required(`${at}.${field}`, value)) check.named(`${at}.${field}`, value, pathSegmentProblems);
  }
  const apiVersion = textAt(ref, 'apiVersion');
  const parts = apiVersion.split('/');
  if (parts.length > 2) check.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else if (needsGroup && (parts.length === 1 || parts[0] === ''))
    check.invalid(`${at}.apiVersion`, apiVersion, 'apiVersion must specify API group');
}
