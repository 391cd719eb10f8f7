import type { JsonObject } from '../../json.ts';
import { objectAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkNoEphemeral } from '../pod/ephemeral-containers.ts';
import { checkLabelMap, checkPodSpec } from '../pod/pod-validation.ts';

/** The pod template of a workload. */
export function checkTemplate(object: JsonObject, check: FieldCheck, at = 'spec.template', owner = object): void {
  const template = objectAt(owner, ...at.split('.'));
  checkLabelMap(objectAt(template, 'metadata', 'labels'), `${at}.labels`, check);
  const spec = objectAt(template, 'spec');
  checkPodSpec(spec, `${at}.spec`, check);
  checkNoEphemeral(spec, `${at}.spec`, { check, why: 'ephemeral containers not allowed in pod template' });
}

/** Pods of workloads that keep running must be restarted always. */
export function checkRestarts(object: JsonObject, kind: string, check: FieldCheck): void {
  const spec = objectAt(object, 'spec', 'template', 'spec');
  check.oneOf('spec.template.spec.restartPolicy', spec?.['restartPolicy'], ['Always']);
  if (spec?.['activeDeadlineSeconds'] !== undefined) {
    check.forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`);
  }
}
