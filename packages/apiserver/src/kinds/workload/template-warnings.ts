import type { JsonObject } from '../../json.ts';
import { objectAt, textAt } from '../../json-read.ts';
import { jsonEqual } from '../../schema/index.ts';
import { podWarnings } from '../pod/pod-warnings.ts';

/** Warnings about the pods that a workload would make, where it is made or its spec changes. */
export function templateWarnings(...path: readonly string[]): (object: JsonObject, old: JsonObject | undefined) => string[] {
  return (object, old) => {
    if (old && jsonEqual(object['spec'], old['spec'])) return [];
    return podWarnings(objectAt(object, ...path, 'template'), `${[...path, 'template'].join('.')}.`);
  };
}

/** A warning about a name with dots, which `where` it is used are no good. */
export function dotWarnings(object: JsonObject, where: string): string[] {
  if (!textAt(object, 'metadata', 'name').includes('.')) return [];
  return [
    `metadata.name: this is used in ${where}, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]`,
  ];
}
