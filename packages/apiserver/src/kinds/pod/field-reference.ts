import type { JsonObject } from '../../json.ts';
import { textAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

const IN_VARIABLES = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const ELSEWHERE = ['metadata.annotations', 'metadata.labels', 'spec.restartPolicy', 'spec.schedulerName', 'status.phase'];

/** The field of the pod that a variable shows. */
export function checkFieldReference(reference: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!reference) return;
  const path = textAt(reference, 'fieldPath');
  if (!check.required(`${at}.fieldPath`, path) || IN_VARIABLES.includes(path)) return;
  if (/^metadata\.(?:labels|annotations)\['.+'\]$/.test(path)) return;
  if (ELSEWHERE.includes(path)) check.oneOf(`${at}.fieldPath`, path, IN_VARIABLES);
  else check.invalid(`${at}.fieldPath`, path, `error converting fieldPath: field label not supported: ${path}`);
}
