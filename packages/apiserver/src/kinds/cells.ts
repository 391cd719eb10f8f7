import { age } from '../codec/age.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { objectsAt, textAt, textsAt } from '../json-read.ts';
import type { Column } from '../resource.ts';
import { describedField } from './descriptions.ts';

/** What a table shows where there is nothing. */
export const NONE = '<none>';

/** The age of an object; tables of built-in kinds hold it as text. */
export const AGE_TEXT: Column = {
  name: 'Age',
  type: 'string',
  get description() {
    return describedField('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'creationTimestamp');
  },
  cell: (object, now) => age(textAt(object, 'metadata', 'creationTimestamp') || null, now),
};

/** A column of text. */
export function textColumn(name: string, cell: (object: JsonObject, now: number) => Json, priority = 0): Column {
  return { name, type: 'string', priority, cell };
}

/** A column of whole numbers. */
export function countColumn(name: string, cell: (object: JsonObject, now: number) => Json): Column {
  return { name, type: 'integer', cell };
}

/** `a=b,c=d`, by key. */
export function mapText(map: unknown): string {
  if (!isObject(map)) return NONE;
  const entries = Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? NONE : entries.map(([key, value]) => `${key}=${typeof value === 'string' ? value : ''}`).join(',');
}

/** A label selector as one writes it. */
export function selectorText(selector: unknown): string {
  if (!isObject(selector)) return NONE;
  const parts = Object.entries(isObject(selector['matchLabels']) ? selector['matchLabels'] : {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : ''}`);
  for (const expression of objectsAt(selector, 'matchExpressions')) parts.push(expressionText(expression));
  return parts.length === 0 ? NONE : parts.join(',');
}

function expressionText(expression: JsonObject): string {
  const key = textAt(expression, 'key');
  const values = textsAt(expression, 'values').join(',');
  switch (textAt(expression, 'operator')) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/** Names and images of a pod template's containers. */
export function containerColumns(containers: (object: JsonObject) => JsonObject[]): readonly Column[] {
  const list = (of: string) => (object: JsonObject) =>
    containers(object)
      .map((one) => textAt(one, of))
      .join(',');
  return [textColumn('Containers', list('name'), 1), textColumn('Images', list('image'), 1)];
}
