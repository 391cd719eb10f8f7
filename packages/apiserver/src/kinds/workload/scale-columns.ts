import { numberAt, textAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { AGE_TEXT, countColumn, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';

/** The table of a Scale. */
export const SCALE_COLUMNS: readonly Column[] = [
  {
    ...textColumn('Name', (scale) => textAt(scale, 'metadata', 'name')),
    get description() {
      return NAME.description ?? '';
    },
  },
  {
    ...countColumn('Desired', (scale) => numberAt(scale, 'spec', 'replicas') ?? 0),
    description: 'replicas is the desired number of instances for the scaled object.',
  },
  {
    ...countColumn('Available', (scale) => numberAt(scale, 'status', 'replicas') ?? 0),
    description: 'replicas is the actual number of observed instances of the scaled object.',
  },
  AGE_TEXT,
];
