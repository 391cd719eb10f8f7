import { canonicalName, environmentObjectName, type Instance, type Template } from '@crownlabs/api';
import { controllerOf } from '@crownlabs/client';
import { goesBefore } from '../elder.ts';
import type { Lab } from '../lab.ts';
import { templateOf } from './template-of.ts';

/**
 * An instance beside this one whose objects have the same names, and which had them first: `a.b` and `a-b`, or `a` with an environment `b-c`
 * and `a-b` with one `c`. The two would take their objects from each other for ever.
 */
export function elderTwin(lab: Lab, instance: Instance, template: Template): Instance | undefined {
  const { name, namespace = '', uid } = instance.metadata;
  const mine = canonicalName(name);
  const near = (it: Instance) => {
    const theirs = canonicalName(it.metadata.name);
    return theirs === mine || theirs.startsWith(`${mine}-`) || mine.startsWith(`${theirs}-`);
  };
  const beside = lab.instances.byIndex('namespace', namespace).filter((it) => it.metadata.uid !== uid && near(it));
  if (beside.length === 0) return undefined;
  const names = objectNames(instance, template);
  const clashes = (it: Instance) =>
    canonicalName(it.metadata.name) === mine || objectNames(it, templateOf(lab, it)).some((one) => names.includes(one));
  const held = names.map((one) => lab.services.get(one, namespace)).find((it) => it !== undefined);
  return beside.filter(clashes).find((it) => goesBefore(it, instance, held && controllerOf(held)?.uid));
}

function objectNames({ metadata: { name } }: Instance, template: Template | undefined): string[] {
  return (template?.spec.environmentList ?? []).map((environment) => environmentObjectName(name, environment.name));
}
