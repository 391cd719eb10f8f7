import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, textAt, textsAt } from '../../json-read.ts';
import { jsonEqual, quantityOf } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { ACCESS_MODES, accessModesText } from './access-modes.ts';
import { storageClassOf } from './volume-claim.ts';

/** Fields of the spec that are not a source. */
const COMMON = [
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
];

const sourcesOf = (spec: JsonObject) => Object.keys(spec).filter((key) => !COMMON.includes(key));

function validate(volume: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(volume, 'spec') ?? {};
  const modes = textsAt(spec, 'accessModes');
  if (check.required('spec.accessModes', modes)) for (const mode of modes) check.oneOf('spec.accessModes', mode, ACCESS_MODES);
  const storage = objectAt(spec, 'capacity')?.['storage'];
  const size = quantityOf(storage);
  if (!size) check.required('spec.capacity', undefined);
  else if (size.units <= 0n) check.invalid('spec.capacity[storage]', storage, 'must be greater than zero');
  const sources = sourcesOf(spec);
  if (sources.length === 0) check.required('spec', undefined, 'must specify a volume type');
  for (const source of sources.slice(1)) check.forbidden(`spec.${source}`, 'may not specify more than 1 volume type');
  check.oneOf('spec.persistentVolumeReclaimPolicy', spec['persistentVolumeReclaimPolicy'], ['Delete', 'Recycle', 'Retain']);
  check.oneOf('spec.volumeMode', spec['volumeMode'], ['Block', 'Filesystem']);
  return check.errors;
}

function validateUpdate(volume: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(volume, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  const same =
    sourcesOf(before).every((source) => jsonEqual(spec[source], before[source])) && sourcesOf(spec).length === sourcesOf(before).length;
  if (!same) check.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation');
  if (!jsonEqual(spec['volumeMode'], before['volumeMode'])) check.invalid('spec.volumeMode', spec['volumeMode'], 'field is immutable');
  return check.errors;
}

/** PersistentVolumes. */
export const volume: Strategy = {
  defaults(object) {
    const spec = part(object, 'spec');
    fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    const hostPath = objectAt(spec, 'hostPath');
    if (hostPath) fill(hostPath, { type: '' });
  },
  initialStatus: () => ({ phase: 'Pending' }),
  validate,
  validateUpdate,
  columns: [
    NAME,
    textColumn('Capacity', (object) => textAt(object, 'spec', 'capacity', 'storage')),
    textColumn('Access Modes', (object) => accessModesText(textsAt(object, 'spec', 'accessModes'))),
    textColumn('Reclaim Policy', (object) => textAt(object, 'spec', 'persistentVolumeReclaimPolicy')),
    textColumn('Status', (object) =>
      textAt(object, 'metadata', 'deletionTimestamp') === '' ? textAt(object, 'status', 'phase') : 'Terminating',
    ),
    textColumn('Claim', (object) => {
      const claim = objectAt(object, 'spec', 'claimRef');
      return claim ? `${textAt(claim, 'namespace')}/${textAt(claim, 'name')}` : '';
    }),
    textColumn('StorageClass', storageClassOf),
    textColumn('VolumeAttributesClass', (object) => textAt(object, 'spec', 'volumeAttributesClassName') || '<unset>'),
    textColumn('Reason', (object) => textAt(object, 'status', 'reason')),
    AGE_TEXT,
    textColumn('VolumeMode', (object) => textAt(object, 'spec', 'volumeMode') || '<unset>', 1),
  ],
};
