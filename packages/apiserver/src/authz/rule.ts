import type { RequestAttributes } from '../call.ts';
import type { Json } from '../json.ts';
import { objectsAt, textsAt } from '../json-read.ts';

/** One rule of a Role or ClusterRole; what it leaves out is empty. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The rules of a Role or ClusterRole object. */
export function rulesOf(role: Json | undefined): PolicyRule[] {
  return objectsAt(role, 'rules').map((rule) => ({
    verbs: textsAt(rule, 'verbs'),
    apiGroups: textsAt(rule, 'apiGroups'),
    resources: textsAt(rule, 'resources'),
    resourceNames: textsAt(rule, 'resourceNames'),
    nonResourceURLs: textsAt(rule, 'nonResourceURLs'),
  }));
}

/** Whether `rule` allows what `attributes` ask. */
export function allows(rule: PolicyRule, attributes: RequestAttributes): boolean {
  if (!rule.verbs.includes('*') && !rule.verbs.includes(attributes.verb)) return false;
  return attributes.resourceRequest ? allowsResource(rule, attributes) : allowsPath(rule, attributes);
}

function allowsResource(rule: PolicyRule, { group, resource, subresource, name }: RequestAttributes): boolean {
  if (!rule.apiGroups.includes('*') && !rule.apiGroups.includes(group)) return false;
  if (!allowsKind(rule.resources, resource, subresource)) return false;
  return rule.resourceNames.length === 0 || (name !== '' && rule.resourceNames.includes(name));
}

/** `pods` does not include `pods/log`; a star before the slash stands for every resource, a star alone for everything. */
function allowsKind(resources: readonly string[], resource: string, subresource: string): boolean {
  const asked = subresource ? `${resource}/${subresource}` : resource;
  return resources.some((it) => it === '*' || it === asked || (subresource !== '' && it === `*/${subresource}`));
}

function allowsPath(rule: PolicyRule, { path }: RequestAttributes): boolean {
  return rule.nonResourceURLs.some((url) => coversPath(url, path));
}

function coversPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}

/** The rule in the smallest pieces: one verb, one resource or path, one name each. */
export function pieces(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames.length > 0 ? rule.resourceNames.map((name) => [name]) : [[]];
  const targets: Partial<PolicyRule>[] = rule.nonResourceURLs.map((url) => ({ nonResourceURLs: [url] }));
  for (const group of rule.apiGroups) {
    for (const resource of rule.resources) {
      targets.push(...names.map((resourceNames) => ({ apiGroups: [group], resources: [resource], resourceNames })));
    }
  }
  return targets.flatMap((target) => rule.verbs.map((verb) => ({ ...EMPTY, ...target, verbs: [verb] })));
}

const EMPTY: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

/** Whether `owned` includes everything that `piece` (of {@link pieces}) grants. */
export function coversPiece(owned: PolicyRule, piece: PolicyRule): boolean {
  if (!hasAll(owned.verbs, piece.verbs)) return false;
  const [url] = piece.nonResourceURLs;
  if (url !== undefined) return owned.nonResourceURLs.some((pattern) => coversPath(pattern, url));
  if (!hasAll(owned.apiGroups, piece.apiGroups)) return false;
  const [asked = ''] = piece.resources;
  const subresource = asked.includes('/') ? asked.slice(asked.indexOf('/') + 1) : undefined;
  if (!owned.resources.includes('*') && !owned.resources.includes(asked) && !(subresource && owned.resources.includes(`*/${subresource}`)))
    return false;
  // A rule for all names is wider than any list of names.
  if (owned.resourceNames.length === 0) return true;
  return piece.resourceNames.length > 0 && piece.resourceNames.every((name) => owned.resourceNames.includes(name));
}

function hasAll(owned: readonly string[], asked: readonly string[]): boolean {
  return owned.includes('*') || asked.every((it) => owned.includes(it));
}

/** One line for a refusal: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const part = (name: string, values: readonly string[]) =>
    values.length > 0 ? [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`] : [];
  return `{${[
    ...part('APIGroups', rule.apiGroups),
    ...part('Resources', rule.resources),
    ...part('NonResourceURLs', rule.nonResourceURLs),
    ...part('ResourceNames', rule.resourceNames),
    ...part('Verbs', rule.verbs),
  ].join(', ')}}`;
}
