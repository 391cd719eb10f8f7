import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { mapAt, numberAt, objectAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { AGE_TEXT, containerColumns, countColumn, mapText, selectorText, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { selectorKept, templateContainers } from './deployment.ts';
import { checkOwnSelector, checkTemplateLabels } from './selector-check.ts';
import { countsCheck } from './status-counts.ts';
import { checkRestarts, checkTemplate } from './template-check.ts';
import { namesakeWarnings } from './template-warnings.ts';

function validate(set: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(set, 'spec');
  check.nonNegative('spec.replicas', spec?.['replicas']);
  check.nonNegative('spec.minReadySeconds', spec?.['minReadySeconds']);
  if (checkOwnSelector(set, 'deployment', check)) {
    checkTemplate(set, check);
    checkRestarts(set, 'ReplicaSet', check);
  }
  return check.errors;
}

const columns = (selector: (object: JsonObject) => string): readonly Column[] => [
  NAME,
  countColumn('Desired', (object) => numberAt(object, 'spec', 'replicas') ?? 0),
  countColumn('Current', (object) => numberAt(object, 'status', 'replicas') ?? 0),
  countColumn('Ready', (object) => numberAt(object, 'status', 'readyReplicas') ?? 0),
  AGE_TEXT,
  ...containerColumns(templateContainers),
  textColumn('Selector', selector, 1),
];

const specOf = (object: JsonObject) => (isObject(object['spec']) ? object['spec'] : {});

const checkCounts = countsCheck({
  counts: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'],
  parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  ready: 'readyReplicas',
});

/** ReplicaSets. */
export const replicaSet: Strategy = {
  warnings: namesakeWarnings,
  defaults(set) {
    defaultTemplate(set);
    fill(part(set, 'spec'), { replicas: 1 });
  },
  initialStatus: () => ({ replicas: 0 }),
  validate,
  validateUpdate: (object, old) => selectorKept(object, old),
  validateStatus: checkCounts,
  columns: columns((object) => selectorText(specOf(object)['selector'])),
};

/** ReplicationControllers: an older form, whose selector and labels follow the template. */
export const replicationController: Strategy = {
  warnings: namesakeWarnings,
  defaults(controller) {
    defaultTemplate(controller);
    const spec = part(controller, 'spec');
    fill(spec, { replicas: 1 });
    const labels = mapAt(spec, 'template', 'metadata', 'labels');
    if (Object.keys(labels).length === 0) return;
    fill(spec, { selector: { ...labels } });
    fill(part(controller, 'metadata'), { labels: { ...labels } });
  },
  initialStatus: () => ({ replicas: 0 }),
  validate(controller) {
    const check = new FieldCheck();
    const spec = objectAt(controller, 'spec');
    for (const field of ['replicas', 'minReadySeconds']) check.nonNegative(`spec.${field}`, spec?.[field]);
    const selector = mapAt(spec, 'selector');
    check.required('spec.selector', Object.keys(selector));
    if (!check.required('spec.template', spec?.['template'])) return check.errors;
    if (Object.keys(selector).length > 0) checkTemplateLabels(controller, { matchLabels: selector }, check);
    checkTemplate(controller, check);
    checkRestarts(controller, 'ReplicationController', check);
    return check.errors;
  },
  validateStatus: checkCounts,
  columns: columns((object) => mapText(specOf(object)['selector'])),
  fieldSelectors: { 'status.replicas': (object) => String(numberAt(object, 'status', 'replicas') ?? 0) },
};
