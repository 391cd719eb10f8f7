import type { Json, JsonObject } from '../json.ts';
import { mapAt, objectsAt, valueAt } from '../json-read.ts';
import { DEFAULT_BINDINGS, DEFAULT_ROLES, type DefaultBinding, type DefaultRole } from './bootstrap-roles.ts';
import { coversPiece, type PolicyRule, pieces, rulesOf } from './rule.ts';

const GROUP = 'rbac.authorization.k8s.io';
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** How the bootstrap reads and writes ClusterRoles and ClusterRoleBindings, with the rights of the system itself. */
export interface RbacStore {
  find(plural: 'clusterroles' | 'clusterrolebindings', name: string): Promise<JsonObject | undefined>;
  create(plural: 'clusterroles' | 'clusterrolebindings', object: JsonObject): Promise<unknown>;
  replace(plural: 'clusterroles' | 'clusterrolebindings', object: JsonObject): Promise<unknown>;
}

/** Makes sure that the default roles and bindings exist and grant at least what they should; never takes anything away. */
export async function bootstrapRbac(store: RbacStore): Promise<void> {
  for (const role of DEFAULT_ROLES) await ensure(store, 'clusterroles', clusterRole(role), missingRules);
  for (const binding of DEFAULT_BINDINGS) await ensure(store, 'clusterrolebindings', clusterRoleBinding(binding), missingSubjects);
}

type Additions = (wanted: JsonObject, found: JsonObject) => { field: string; values: Json[] } | undefined;

async function ensure(
  store: RbacStore,
  plural: 'clusterroles' | 'clusterrolebindings',
  wanted: JsonObject & { metadata: { name: string } },
  additions: Additions,
): Promise<void> {
  const found = await store.find(plural, wanted.metadata.name);
  if (!found) {
    await store.create(plural, wanted);
    return;
  }
  if (mapAt(found, 'metadata', 'annotations')[AUTOUPDATE] === 'false') return;
  const added = additions(wanted, found);
  if (added) await store.replace(plural, { ...found, [added.field]: added.values });
}

function missingRules(wanted: JsonObject, found: JsonObject): ReturnType<Additions> {
  // The rules of an aggregated role belong to its controller.
  if (found['aggregationRule'] || wanted['aggregationRule']) return undefined;
  const owned = rulesOf(found);
  const missing = objectsAt(wanted, 'rules').filter((_, at) => {
    const rule = rulesOf(wanted)[at];
    return rule && !pieces(rule).every((piece) => owned.some((it) => coversPiece(it, piece)));
  });
  return missing.length > 0 ? { field: 'rules', values: [...objectsAt(found, 'rules'), ...missing] } : undefined;
}

function missingSubjects(wanted: JsonObject, found: JsonObject): ReturnType<Additions> {
  const same = (a: JsonObject) => (b: JsonObject) =>
    a['kind'] === b['kind'] && a['name'] === b['name'] && valueAt(a, 'namespace') === valueAt(b, 'namespace');
  const present = objectsAt(found, 'subjects');
  const missing = objectsAt(wanted, 'subjects').filter((subject) => !present.some(same(subject)));
  return missing.length > 0 ? { field: 'subjects', values: [...present, ...missing] } : undefined;
}

function metadata(name: string, labels: Readonly<Record<string, string>> = {}) {
  return { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels }, annotations: { [AUTOUPDATE]: 'true' } };
}

function clusterRole({ name, labels, rules, aggregates }: DefaultRole) {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: metadata(name, labels),
    rules: (rules ?? []).map(ruleObject),
    ...(aggregates && { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' } }] } }),
  };
}

function ruleObject(rule: Partial<PolicyRule>): JsonObject {
  const object: JsonObject = {};
  for (const [field, values] of Object.entries(rule)) object[field] = [...values];
  return object;
}

function clusterRoleBinding({ name, users = [], groups = [] }: DefaultBinding) {
  const subject = (kind: string) => (subjectName: string) => ({ kind, apiGroup: GROUP, name: subjectName });
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
    subjects: [...users.map(subject('User')), ...groups.map(subject('Group'))],
  };
}
