import { textAt } from '../json-read.ts';
import type { Column } from '../resource.ts';
import { describedField } from './descriptions.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The first column of every table. */
export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  get description() {
    return describedField(META, 'name');
  },
  path: '.metadata.name',
};

/** Tables of kinds that say nothing of their own. */
export const USUAL_COLUMNS: readonly Column[] = [
  NAME,
  {
    name: 'Created At',
    type: 'date',
    get description() {
      return describedField(META, 'creationTimestamp');
    },
    cell: (object) => textAt(object, 'metadata', 'creationTimestamp'),
  },
];
