import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual, labelProblems } from '../../schema/index.ts';
import { AGE_TEXT, containerColumns, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { templateContainers } from './deployment.ts';
import { checkOwnSelector } from './selector-check.ts';
import { checkRestarts, checkTemplate } from './template-check.ts';
import { templateWarnings } from './template-warnings.ts';

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];
const MUTABLE_TEXT = `updates to statefulset spec for fields other than ${MUTABLE.slice(0, -1)
  .map((field) => `'${field}'`)
  .join(', ')} and 'minReadySeconds' are forbidden`;

function defaults(set: JsonObject): void {
  defaultTemplate(set);
  const spec = part(set, 'spec');
  fill(spec, { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 });
  const update = part(spec, 'updateStrategy');
  fill(update, { type: 'RollingUpdate' });
  if (update['type'] === 'RollingUpdate') fill(part(update, 'rollingUpdate'), { partition: 0 });
  fill(part(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
  for (const claim of objectsAt(spec, 'volumeClaimTemplates')) defaultClaimTemplate(claim);
}

/** The claims of the pods are whole objects within the set. */
function defaultClaimTemplate(claim: JsonObject): void {
  fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  fill(part(claim, 'status'), { phase: 'Pending' });
  fill(part(claim, 'spec'), { volumeMode: 'Filesystem' });
}

function checkUpdateStrategy(update: JsonObject, check: FieldCheck): void {
  const type = textAt(update, 'type');
  const rolling = objectAt(update, 'rollingUpdate');
  if (type !== 'RollingUpdate' && type !== 'OnDelete')
    check.invalid('spec.updateStrategy', update, "must be 'RollingUpdate' or 'OnDelete'");
  else if (rolling && type === 'OnDelete')
    check.invalid('spec.updateStrategy.rollingUpdate', rolling, "only allowed for updateStrategy 'RollingUpdate'");
  else check.nonNegative('spec.updateStrategy.rollingUpdate.partition', rolling?.['partition']);
}

function validate(set: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(set, 'spec');
  const management = textAt(spec, 'podManagementPolicy');
  if (management !== 'OrderedReady' && management !== 'Parallel')
    check.invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'");
  checkUpdateStrategy(objectAt(spec, 'updateStrategy') ?? {}, check);
  for (const when of ['whenDeleted', 'whenScaled']) {
    const field = `persistentVolumeClaimRetentionPolicy.${when}`;
    check.oneOf(`spec.${field}`, objectAt(spec, 'persistentVolumeClaimRetentionPolicy')?.[when], ['Retain', 'Delete']);
  }
  check.nonNegative('spec.replicas', spec?.['replicas']);
  check.nonNegative('spec.minReadySeconds', spec?.['minReadySeconds']);
  check.nonNegative('spec.ordinals.start', objectAt(spec, 'ordinals')?.['start']);
  const service = textAt(spec, 'serviceName');
  if (service !== '') check.named('spec.serviceName', service, labelProblems);
  checkOwnSelector(set, 'statefulset', check);
  checkTemplate(set, check);
  checkRestarts(set, 'StatefulSet', check);
  return check.errors;
}

function validateUpdate(set: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const rest = (of: JsonObject) => Object.fromEntries(Object.entries(objectAt(of, 'spec') ?? {}).filter(([key]) => !MUTABLE.includes(key)));
  if (!jsonEqual(rest(set), rest(old))) check.forbidden('spec', MUTABLE_TEXT);
  return check.errors;
}

/** StatefulSets. */
export const statefulSet: Strategy = {
  warnings: templateWarnings('spec'),
  defaults,
  initialStatus: () => ({ replicas: 0, availableReplicas: 0 }),
  validate,
  validateUpdate,
  columns: [
    NAME,
    textColumn('Ready', (object) => `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`),
    AGE_TEXT,
    ...containerColumns(templateContainers),
  ],
};
