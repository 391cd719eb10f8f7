import type { Instance } from './instance.ts';

/** What a class is sorted by. */
export type Grouping = 'template' | 'student';

/** Whether every word of a search is found in an instance: in its student, its name or its template's title. */
export function matchesSearch(instance: Instance, templateTitle: string, search: string): boolean {
  const text = [instance.tenant.name, instance.tenant.fullName, instance.title, instance.name, templateTitle, instance.workspace]
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Instances in groups, each sorted by student; the groups are in the order of their key. */
export function groupInstances(instances: readonly Instance[], by: Grouping): [string, Instance[]][] {
  const keyOf = (instance: Instance) => (by === 'student' ? instance.tenant.name : `${instance.workspace}/${instance.template.name}`);
  const groups = new Map<string, Instance[]>();
  for (const instance of instances) groups.set(keyOf(instance), [...(groups.get(keyOf(instance)) ?? []), instance]);
  const nameOf = (instance: Instance) => instance.tenant.fullName || instance.tenant.name;
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([key, members]) => [key, members.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))]);
}
