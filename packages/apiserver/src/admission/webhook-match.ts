import type { AdmissionCall } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { mapAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import { selects } from '../select/label-match.ts';
import type { MatchRule } from './webhook.ts';

/** What decides whether a webhook or policy looks at a request. */
export interface MatchTerms {
  readonly rules: readonly MatchRule[];
  /** Other versions of the same resource count too, and the object is shown in the version that the rule names. */
  readonly equivalent: boolean;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
}

const OWN_GROUP = 'admissionregistration.k8s.io';

/** The resource as which the request is to be shown; `undefined` when the terms do not match it. */
export function matched(terms: MatchTerms, call: AdmissionCall, registry: Registry, reader: ObjectReader): ResourceInfo | undefined {
  // Whoever is locked out by a webhook must be able to take it away.
  if (call.resource.group === OWN_GROUP) return undefined;
  const shown = matchedVersion(terms, call, registry);
  if (!shown || !selectsObject(terms, call)) return undefined;
  const labels = namespaceLabels(call, reader);
  return labels === undefined || selects(terms.namespaceSelector, labels) ? shown : undefined;
}

function matchedVersion(terms: MatchTerms, call: AdmissionCall, registry: Registry): ResourceInfo | undefined {
  if (terms.rules.some((rule) => matchesRule(rule, call, call.resource))) return call.resource;
  if (!terms.equivalent) return undefined;
  const { group, plural } = call.resource;
  return registry.versions(group, plural).find((other) => terms.rules.some((rule) => matchesRule(rule, call, other)));
}

/** Whether `rule` is about this operation on `resource`. */
export function matchesRule(rule: MatchRule, call: AdmissionCall, resource: ResourceInfo): boolean {
  const has = (values: readonly string[], value: string) => values.includes('*') || values.includes(value);
  if (!has(rule.operations, call.operation) || !has(rule.groups, resource.group) || !has(rule.versions, resource.version)) return false;
  if (rule.scope !== '*' && rule.scope !== (resource.namespaced ? 'Namespaced' : 'Cluster')) return false;
  return rule.resources.some((pattern) => {
    const [plural, subresource = ''] = pattern.split('/');
    return (plural === '*' || plural === resource.plural) && (subresource === '*' || subresource === call.subresource);
  });
}

/** Labels of the namespace concerned: of the object itself where it is one; `undefined` outside of namespaces. */
function namespaceLabels(call: AdmissionCall, reader: ObjectReader): Record<string, string> | undefined {
  if (call.resource.group === '' && call.resource.plural === 'namespaces') return mapAt(call.object ?? call.old, 'metadata', 'labels');
  if (!call.resource.namespaced) return undefined;
  return mapAt(reader.get({ group: '', plural: 'namespaces' }, call.namespace), 'metadata', 'labels');
}

function selectsObject({ objectSelector }: MatchTerms, { object, old }: AdmissionCall): boolean {
  return [object, old].some((state) => state !== undefined && selects(objectSelector, mapAt(state, 'metadata', 'labels')));
}
