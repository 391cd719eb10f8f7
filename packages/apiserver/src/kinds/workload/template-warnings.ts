import type { JsonObject } from '../../json.ts';
import { objectAt, textAt } from '../../json-read.ts';
import { jsonEqual, labelProblems } from '../../schema/index.ts';
import { podWarnings } from '../pod/pod-warnings.ts';

/** Warnings about the pods that a workload would make, where it is made or its spec changes. */
export function templateWarnings(...path: readonly string[]): (object: JsonObject, old: JsonObject | undefined) => string[] {
  return (object, old) => {
    if (old && jsonEqual(object['spec'], old['spec'])) return [];
    return podWarnings(objectAt(object, ...path, 'template'), `${[...path, 'template'].join('.')}.`);
  };
}

/** A warning about a name that is no label, which `where` it is used is no good. */
export function nameWarnings(object: JsonObject, where: string): string[] {
  const name = textAt(object, 'metadata', 'name');
  const problems = name === '' ? [] : labelProblems(name);
  if (problems.length === 0) return [];
  return [
    `metadata.name: this is used in ${where}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}

/** Warnings of a workload whose pods are called after it. */
export function namesakeWarnings(object: JsonObject, old: JsonObject | undefined): string[] {
  return [...(old ? [] : nameWarnings(object, 'Pod names and hostnames')), ...templateWarnings('spec')(object, old)];
}
