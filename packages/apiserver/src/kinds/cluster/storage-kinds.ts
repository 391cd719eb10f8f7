import type { JsonObject } from '../../json.ts';
import { ensureObject, objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { jsonEqual } from '../../schema/index.ts';
import { AGE_TEXT, countColumn, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

function truthColumn(name: string, cell: (object: JsonObject) => boolean): Column {
  return { name, type: 'boolean', cell };
}

const driverSays = (name: string, field: string) => truthColumn(name, (object) => objectAt(object, 'spec')?.[field] === true);

/** CSIDrivers. */
export const csiDriver: Strategy = {
  defaults(object) {
    fill(ensureObject(object, 'spec'), {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
      volumeLifecycleModes: ['Persistent'],
    });
  },
  columns: [
    NAME,
    driverSays('AttachRequired', 'attachRequired'),
    driverSays('PodInfoOnMount', 'podInfoOnMount'),
    driverSays('StorageCapacity', 'storageCapacity'),
    textColumn('TokenRequests', (object) => {
      const audiences = objectsAt(object, 'spec', 'tokenRequests').map((request) => textAt(request, 'audience'));
      return audiences.length === 0 ? '<unset>' : audiences.join(',');
    }),
    driverSays('RequiresRepublish', 'requiresRepublish'),
    textColumn('Modes', (object) => textsAt(object, 'spec', 'volumeLifecycleModes').join(',')),
    AGE_TEXT,
  ],
};

/** CSINodes. */
export const csiNode: Strategy = {
  columns: [NAME, countColumn('Drivers', (object) => objectsAt(object, 'spec', 'drivers').length), AGE_TEXT],
};

/** VolumeAttachments. */
export const volumeAttachment: Strategy = {
  columns: [
    NAME,
    { ...textColumn('Attacher', (object) => textAt(object, 'spec', 'attacher')), format: 'name' },
    textColumn('PV', (object) => textAt(object, 'spec', 'source', 'persistentVolumeName')),
    textColumn('Node', (object) => textAt(object, 'spec', 'nodeName')),
    truthColumn('Attached', (object) => objectAt(object, 'status')?.['attached'] === true),
    AGE_TEXT,
  ],
};

/** VolumeAttributesClasses. */
export const volumeAttributesClass: Strategy = {
  validate(object) {
    const check = new FieldCheck();
    check.required('driverName', textAt(object, 'driverName'));
    return check.errors;
  },
  validateUpdate(object, old) {
    const check = new FieldCheck();
    for (const field of ['driverName', 'parameters']) {
      if (!jsonEqual(object[field], old[field])) check.forbidden(field, `updates to ${field} are forbidden.`);
    }
    return check.errors;
  },
  columns: [NAME, textColumn('DriverName', (object) => textAt(object, 'driverName')), AGE_TEXT],
};
