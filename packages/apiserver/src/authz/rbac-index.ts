import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt } from '../json-read.ts';
import type { UserInfo } from '../user.ts';
import { type PolicyRule, rulesOf } from './rule.ts';

/** What an index is told: an object came, changed or (`undefined`) went. */
export interface RbacChange {
  readonly kind: 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';
  readonly name: string;
  /** `''` for the cluster kinds. */
  readonly namespace: string;
  readonly object: JsonObject | undefined;
}

/** A role that a binding refers to. */
interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

/** A binding that applies to somebody, and the subject through which it does. */
export interface Grant {
  readonly binding: string;
  /** `''` for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
  readonly subject: string;
}

/** Roles and bindings, ready for lookup by user: no request ever lists them. */
export interface RbacIndex {
  apply(change: RbacChange): void;
  /** Grants for `user` at the cluster scope and, unless it is `''`, in `namespace`. */
  grants(user: UserInfo, namespace: string): Iterable<Grant>;
  /** The rules a grant stands for; `undefined` when its role does not exist. */
  rules(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined;
}

/** An empty index. */
export function rbacIndex(): RbacIndex {
  const roles = new Map<string, readonly PolicyRule[]>();
  // namespace -> subject key -> binding name -> grant
  const granted = new Map<string, Map<string, Map<string, Grant>>>();
  const subjectsOf = new Map<string, readonly string[]>();

  function applyRole({ name, namespace, object }: RbacChange): void {
    const key = `${namespace}/${name}`;
    if (object) roles.set(key, rulesOf(object));
    else roles.delete(key);
  }

  function applyBinding({ name, namespace, object }: RbacChange): void {
    const key = `${namespace}/${name}`;
    for (const subject of subjectsOf.get(key) ?? []) granted.get(namespace)?.get(subject)?.delete(name);
    subjectsOf.delete(key);
    if (!object) return;
    const roleRef = { kind: textAt(object, 'roleRef', 'kind'), name: textAt(object, 'roleRef', 'name') };
    const keys: string[] = [];
    for (const subject of objectsAt(object, 'subjects')) {
      const subjectKey = keyOf(subject, namespace);
      if (!subjectKey) continue;
      keys.push(subjectKey);
      const bySubject = entry(granted, namespace, () => new Map<string, Map<string, Grant>>());
      const grants = entry(bySubject, subjectKey, () => new Map<string, Grant>());
      grants.set(name, { binding: name, namespace, roleRef, subject: describe(subject) });
    }
    subjectsOf.set(key, keys);
  }

  function* grants(user: UserInfo, namespace: string): Iterable<Grant> {
    for (const scope of namespace ? ['', namespace] : ['']) {
      const bySubject = granted.get(scope);
      if (!bySubject) continue;
      yield* bySubject.get(`User ${user.username}`)?.values() ?? [];
      for (const group of user.groups) yield* bySubject.get(`Group ${group}`)?.values() ?? [];
    }
  }

  return {
    apply: (change) => (change.kind === 'Role' || change.kind === 'ClusterRole' ? applyRole(change) : applyBinding(change)),
    grants,
    rules: ({ kind, name }, namespace) => roles.get(kind === 'Role' ? `${namespace}/${name}` : `/${name}`),
  };
}

/** Service accounts are users by another name, so that one lookup serves both. */
function keyOf(subject: JsonObject, bindingNamespace: string): string | undefined {
  const name = textAt(subject, 'name');
  switch (textAt(subject, 'kind')) {
    case 'User':
    case 'Group':
      return `${textAt(subject, 'kind')} ${name}`;
    case 'ServiceAccount': {
      const namespace = textAt(subject, 'namespace') || bindingNamespace;
      return namespace ? `User system:serviceaccount:${namespace}:${name}` : undefined;
    }
    default:
      return undefined;
  }
}

function describe(subject: JsonObject): string {
  const namespace = textAt(subject, 'namespace');
  const name = textAt(subject, 'name');
  return `${textAt(subject, 'kind')} "${namespace ? `${name}/${namespace}` : name}"`;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The change that an object of one of the four kinds means; `undefined` for every other object. */
export function rbacChange(kind: string, now: JsonObject | undefined, before: JsonObject | undefined): RbacChange | undefined {
  if (kind !== 'Role' && kind !== 'ClusterRole' && kind !== 'RoleBinding' && kind !== 'ClusterRoleBinding') return undefined;
  const metadata = objectAt(now ?? before, 'metadata');
  return { kind, name: textAt(metadata, 'name'), namespace: textAt(metadata, 'namespace'), object: now };
}
