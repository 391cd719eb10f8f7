import type { Column } from '../resource.ts';

/** The first column of every table. */
export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Unique within its namespace; given at creation, or generated.',
  path: '.metadata.name',
};

/** Since when the object exists. The core writes dates as ages. */
export const AGE: Column = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  path: '.metadata.creationTimestamp',
};

/** Tables of kinds that say nothing of their own. */
export const USUAL_COLUMNS: readonly Column[] = [NAME, AGE];
