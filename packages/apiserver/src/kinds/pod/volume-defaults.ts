import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt } from '../../json-read.ts';
import { fill } from '../fill.ts';
import { defaultFieldRef } from './container-defaults.ts';

const READABLE = 0o644;

/** Defaults of one volume, in place: a volume that says nothing is an empty directory. */
export function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {};
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const given = volume[source];
    if (isObject(given)) fill(given, { defaultMode: READABLE });
  }
  for (const item of objectsAt(volume, 'downwardAPI', 'items')) defaultFieldRef(item);
  for (const source of objectsAt(volume, 'projected', 'sources')) defaultProjection(source);
  const hostPath = volume['hostPath'];
  if (isObject(hostPath)) fill(hostPath, { type: '' });
  const claim = objectAt(volume, 'ephemeral', 'volumeClaimTemplate', 'spec');
  if (claim) fill(claim, { volumeMode: 'Filesystem' });
}

function defaultProjection(source: JsonObject): void {
  const token = source['serviceAccountToken'];
  if (isObject(token)) fill(token, { expirationSeconds: 3600 });
  for (const item of objectsAt(source, 'downwardAPI', 'items')) defaultFieldRef(item);
}
