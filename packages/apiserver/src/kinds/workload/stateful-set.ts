import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual, labelProblems, Printed } from '../../schema/index.ts';
import { AGE_TEXT, containerColumns, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { checkClaimSpec } from '../core/volume-claim.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { defaultTemplate } from '../pod/pod-defaults.ts';
import type { Strategy } from '../strategy.ts';
import { templateContainers } from './deployment.ts';
import { checkOwnSelector } from './selector-check.ts';
import { countsCheck } from './status-counts.ts';
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
  if (update['type'] === undefined) part(update, 'rollingUpdate');
  fill(update, { type: 'RollingUpdate' });
  const rolling = objectAt(update, 'rollingUpdate');
  // How many may be away at once is behind a gate that is shut.
  if (rolling) delete rolling['maxUnavailable'];
  if (update['type'] === 'RollingUpdate' && rolling) fill(rolling, { partition: 0 });
  fill(part(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
  for (const claim of objectsAt(spec, 'volumeClaimTemplates')) defaultClaimTemplate(claim);
}

/** The claims of the pods are whole objects within the set. */
function defaultClaimTemplate(claim: JsonObject): void {
  fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  fill(part(claim, 'status'), { phase: 'Pending' });
  fill(part(claim, 'spec'), { volumeMode: 'Filesystem' });
}

function printedRolling(rolling: JsonObject): Printed {
  return new Printed(JSON.stringify({ Partition: rolling['partition'] ?? 0, MaxUnavailable: rolling['maxUnavailable'] ?? null }));
}

function printedUpdate(update: JsonObject): Printed {
  const rolling = objectAt(update, 'rollingUpdate');
  return new Printed(
    `{"Type":${JSON.stringify(textAt(update, 'type'))},"RollingUpdate":${rolling ? printedRolling(rolling).text : 'null'}}`,
  );
}

function checkUpdateStrategy(update: JsonObject, check: FieldCheck): void {
  const type = textAt(update, 'type');
  const rolling = objectAt(update, 'rollingUpdate');
  if (type !== 'RollingUpdate' && type !== 'OnDelete')
    check.invalid('spec.updateStrategy', printedUpdate(update), "must be 'RollingUpdate' or 'OnDelete'");
  else if (rolling && type === 'OnDelete')
    check.invalid('spec.updateStrategy.rollingUpdate', printedRolling(rolling), "only allowed for updateStrategy 'RollingUpdate'");
  else check.nonNegative('spec.updateStrategy.rollingUpdate.partition', rolling?.['partition']);
}

/** The pods get a volume of each claim that is made for them, and names of their own. */
function withClaims(set: JsonObject): JsonObject {
  const template = objectAt(set, 'spec', 'template');
  const pod = objectAt(template, 'spec');
  if (!pod) return set;
  const claims = objectsAt(set, 'spec', 'volumeClaimTemplates').map((claim) => textAt(claim, 'metadata', 'name'));
  const made = [...new Set(claims)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const kept = objectsAt(pod, 'volumes').filter((volume) => !claims.includes(textAt(volume, 'name')));
  const rest = Object.fromEntries(Object.entries(pod).filter(([key]) => key !== 'hostname' && key !== 'subdomain'));
  const volumes = claims.length > 0 ? [...made, ...kept] : pod['volumes'];
  return { ...set, spec: { ...objectAt(set, 'spec'), template: { ...template, spec: { ...rest, volumes } } } };
}

function warnings(set: JsonObject, old: JsonObject | undefined): string[] {
  const kept = numberAt(set, 'spec', 'revisionHistoryLimit') ?? 0;
  const endless = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
  return [...templateWarnings('spec')(set, old), ...(kept < 0 ? [endless] : [])];
}

function validate(set: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkSpec(set, check);
  const service = textAt(set, 'spec', 'serviceName');
  if (service !== '') check.named('spec.serviceName', service, labelProblems);
  return check.errors;
}

function checkSpec(set: JsonObject, check: FieldCheck): void {
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
  for (const [index, claim] of objectsAt(spec, 'volumeClaimTemplates').entries())
    checkClaimSpec(objectAt(claim, 'spec'), `spec.volumeClaimTemplates[${index}].spec`, check);
  if (checkOwnSelector(set, 'statefulset', check, '')) checkTemplate(withClaims(set), check);
  checkRestarts(set, 'StatefulSet', check);
}

function validateUpdate(set: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const rest = (of: JsonObject) => Object.fromEntries(Object.entries(objectAt(of, 'spec') ?? {}).filter(([key]) => !MUTABLE.includes(key)));
  if (!jsonEqual(rest(set), rest(old))) check.forbidden('spec', MUTABLE_TEXT);
  return check.errors;
}

/** StatefulSets. */
export const statefulSet: Strategy = {
  warnings,
  defaults,
  initialStatus: () => ({ replicas: 0, availableReplicas: 0 }),
  validate,
  validateUpdate,
  validateStatus: countsCheck({
    counts: ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration'],
    parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    ready: 'status.readyReplicas',
  }),
  columns: [
    NAME,
    textColumn('Ready', (object) => `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`),
    AGE_TEXT,
    ...containerColumns(templateContainers),
  ],
};
