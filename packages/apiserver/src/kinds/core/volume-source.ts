import type { JsonObject } from '../../json.ts';
import { objectAt, textAt } from '../../json-read.ts';
import { jsonEqual } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

const CLAIM = 'PersistentVolumeClaim';

/** What the older field may name. */
function isVolumeOrSnapshot(source: JsonObject): boolean {
  const group = textAt(source, 'apiGroup');
  const kind = textAt(source, 'kind');
  return kind === CLAIM ? group === '' : kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io';
}

/** What a claim is filled from has two fields: the older takes claims and snapshots only, and both say the same where both can. */
export function sameSource(spec: JsonObject): void {
  const source = objectAt(spec, 'dataSource');
  if (source && !isVolumeOrSnapshot(source)) delete spec['dataSource'];
  // Sources in other namespaces are behind a gate that is shut.
  if (textAt(objectAt(spec, 'dataSourceRef'), 'namespace') !== '') delete spec['dataSourceRef'];
  const [older, newer] = [objectAt(spec, 'dataSource'), objectAt(spec, 'dataSourceRef')];
  if (older && !newer) spec['dataSourceRef'] = { apiGroup: null, ...older };
  else if (newer && !older) spec['dataSource'] = { apiGroup: null, ...newer };
}

/** That both fields name something, and the same. */
export function checkSources(spec: JsonObject, check: FieldCheck, at = 'spec'): void {
  const [older, newer] = [objectAt(spec, 'dataSource'), objectAt(spec, 'dataSourceRef')];
  for (const [field, source] of Object.entries({ dataSource: older, dataSourceRef: newer })) {
    if (!source) continue;
    const kind = textAt(source, 'kind');
    check.required(`${at}.${field}.name`, source['name']);
    check.required(`${at}.${field}.kind`, kind);
    if (textAt(source, 'apiGroup') === '' && kind !== CLAIM)
      check.invalid(`${at}.${field}`, kind, `must be '${CLAIM}' when referencing the default apiGroup`);
  }
  if (older && newer && !jsonEqual({ apiGroup: null, ...older }, { apiGroup: null, ...newer }))
    check.invalid(at, {}, 'must match dataSourceRef');
}
