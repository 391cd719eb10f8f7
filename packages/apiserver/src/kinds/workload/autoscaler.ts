import { isObject, type JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { checkBehavior, defaultBehavior } from './autoscaler-behavior.ts';
import { checkMetrics, checkReference } from './autoscaler-metrics.ts';

const CPU_PERCENT = 'targetCPUUtilizationPercentage';

function cpuMetric(percent: number): JsonObject {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } } };
}

function isCpuMetric(metric: JsonObject): boolean {
  return textAt(metric, 'resource', 'name') === 'cpu' && textAt(metric, 'resource', 'target', 'type') === 'Utilization';
}

function validate(autoscaler: JsonObject) {
  const check = new FieldCheck();
  const spec = objectAt(autoscaler, 'spec');
  const least = numberAt(spec, 'minReplicas');
  const most = numberAt(spec, 'maxReplicas') ?? 0;
  if (least !== undefined && least < 1) check.invalid('spec.minReplicas', least, 'must be greater than or equal to 1');
  if (most === 0) check.required('spec.maxReplicas', undefined, 'must be set and greater than 0');
  else if (most < 0) check.invalid('spec.maxReplicas', most, 'must be greater than or equal to 1');
  if (least !== undefined && most < least) check.invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`');
  checkReference(objectAt(spec, 'scaleTargetRef'), { at: 'spec.scaleTargetRef', check }, true);
  checkMetrics(spec, check);
  checkBehavior(spec, check);
  return check.errors;
}

const columns = [
  NAME,
  textColumn(
    'Reference',
    (object: JsonObject) => `${textAt(object, 'spec', 'scaleTargetRef', 'kind')}/${textAt(object, 'spec', 'scaleTargetRef', 'name')}`,
  ),
  textColumn('Targets', targetsText),
  textColumn('MinPods', (object: JsonObject) => String(numberAt(object, 'spec', 'minReplicas') ?? '<unset>')),
  textColumn('MaxPods', (object: JsonObject) => numberAt(object, 'spec', 'maxReplicas') ?? 0),
  textColumn('Replicas', (object: JsonObject) => numberAt(object, 'status', 'currentReplicas') ?? 0),
  AGE_TEXT,
];

function targetsText(object: JsonObject): string {
  const metrics = objectsAt(object, 'spec', 'metrics').filter(isCpuMetric);
  const wanted = metrics.map((metric) => numberAt(metric, 'resource', 'target', 'averageUtilization'));
  return wanted.length === 0 ? NONE : wanted.map((percent) => `cpu: <unknown>/${percent ?? 0}%`).join(', ');
}

function inSecondVersion(object: JsonObject): JsonObject {
  const out = structuredClone(object);
  const spec = isObject(out['spec']) ? out['spec'] : {};
  const percent = numberAt(spec, CPU_PERCENT);
  delete spec[CPU_PERCENT];
  if (percent !== undefined) spec['metrics'] = [cpuMetric(percent)];
  return { ...out, apiVersion: 'autoscaling/v2' };
}

function validateStatus(object: JsonObject) {
  const check = new FieldCheck();
  for (const field of ['currentReplicas', 'desiredReplicas']) check.nonNegative(`status.${field}`, objectAt(object, 'status')?.[field]);
  return check.errors;
}

/** HorizontalPodAutoscalers in their stored form. */
export const autoscaler: Strategy = {
  defaults(object) {
    const spec = part(object, 'spec');
    fill(spec, { minReplicas: 1 });
    if (objectsAt(spec, 'metrics').length === 0) spec['metrics'] = [cpuMetric(80)];
    defaultBehavior(spec);
  },
  initialStatus: () => ({ desiredReplicas: 0, currentMetrics: null }),
  validate,
  columns,
  validateStatus,
  convert: inSecondVersion,
};

/** The first version, which knows no metric but the use of processors. */
export const simpleAutoscaler: Strategy = {
  defaults: (object) => fill(part(object, 'spec'), { minReplicas: 1, [CPU_PERCENT]: 80 }),
  initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
  validate: (object) => validate(inSecondVersion(object)),
  columns,
  convert(object) {
    const out = structuredClone(object);
    const spec = isObject(out['spec']) ? out['spec'] : {};
    const cpu = objectsAt(spec, 'metrics').find(isCpuMetric);
    const percent = numberAt(cpu, 'resource', 'target', 'averageUtilization');
    for (const field of ['metrics', 'behavior']) delete spec[field];
    if (percent !== undefined) spec[CPU_PERCENT] = percent;
    return { ...out, apiVersion: 'autoscaling/v1' };
  },
};
