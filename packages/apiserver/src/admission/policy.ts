import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { type MatchRule, readRule } from './webhook.ts';
import type { MatchTerms } from './webhook-match.ts';

/** Which requests a policy or binding is about. */
export interface PolicyMatch extends MatchTerms {
  readonly excluded: readonly MatchRule[];
}

/** A named expression. */
interface Named {
  readonly name: string;
  readonly expression: string;
}

/** One thing that a policy wants to hold. */
export interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string;
}

/** A ValidatingAdmissionPolicy, as requests need it. */
export interface Policy {
  readonly name: string;
  readonly match: PolicyMatch;
  readonly conditions: readonly Named[];
  readonly variables: readonly Named[];
  readonly validations: readonly Validation[];
  readonly ignoresFailure: boolean;
  /** Kind of the parameters that its bindings name. */
  readonly paramKind: { readonly group: string; readonly version: string; readonly kind: string } | undefined;
}

/** A ValidatingAdmissionPolicyBinding, as requests need it. */
export interface PolicyBinding {
  readonly name: string;
  readonly policyName: string;
  readonly match: PolicyMatch | undefined;
  readonly actions: readonly string[];
  readonly paramRef: JsonObject | undefined;
}

/** All policies with their bindings; read again after each change. */
export interface PolicyList extends Disposable {
  all(): readonly { policy: Policy; binding: PolicyBinding }[];
}

const GROUP = 'admissionregistration.k8s.io';
const POLICIES = { group: GROUP, plural: 'validatingadmissionpolicies' };
const BINDINGS = { group: GROUP, plural: 'validatingadmissionpolicybindings' };

/** The policies that `reader` holds. */
export function policyList(reader: ObjectReader): PolicyList {
  let pairs: readonly { policy: Policy; binding: PolicyBinding }[] | undefined;
  const forget = () => {
    pairs = undefined;
  };
  const stops = [POLICIES, BINDINGS].map((kind) => reader.onChange(kind, forget));
  return {
    all: () => {
      pairs ??= readPairs(reader);
      return pairs;
    },
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}

function readPairs(reader: ObjectReader): { policy: Policy; binding: PolicyBinding }[] {
  const policies = new Map(reader.list(POLICIES).map((object) => [textAt(object, 'metadata', 'name'), readPolicy(object)]));
  return reader
    .list(BINDINGS)
    .map(readBinding)
    .flatMap((binding) => {
      const policy = policies.get(binding.policyName);
      return policy ? [{ policy, binding }] : [];
    });
}

function readPolicy(object: JsonObject): Policy {
  const spec = objectAt(object, 'spec');
  const paramKind = objectAt(spec, 'paramKind');
  return {
    name: textAt(object, 'metadata', 'name'),
    match: readMatch(objectAt(spec, 'matchConstraints') ?? {}),
    conditions: readNamed(spec, 'matchConditions'),
    variables: readNamed(spec, 'variables'),
    validations: objectsAt(spec, 'validations').map((one) => ({
      expression: textAt(one, 'expression'),
      message: textAt(one, 'message'),
      messageExpression: textAt(one, 'messageExpression'),
      reason: textAt(one, 'reason') || 'Invalid',
    })),
    ignoresFailure: textAt(spec, 'failurePolicy') === 'Ignore',
    paramKind: paramKind && { ...groupVersion(textAt(paramKind, 'apiVersion')), kind: textAt(paramKind, 'kind') },
  };
}

function groupVersion(apiVersion: string): { group: string; version: string } {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return { group, version };
}

function readNamed(spec: JsonObject | undefined, field: string): Named[] {
  return objectsAt(spec, field).map((one) => ({ name: textAt(one, 'name'), expression: textAt(one, 'expression') }));
}

function readBinding(object: JsonObject): PolicyBinding {
  const spec = objectAt(object, 'spec');
  const match = objectAt(spec, 'matchResources');
  return {
    name: textAt(object, 'metadata', 'name'),
    policyName: textAt(spec, 'policyName'),
    match: match && readMatch(match),
    actions: textsAt(spec, 'validationActions'),
    paramRef: objectAt(spec, 'paramRef'),
  };
}

function readMatch(match: JsonObject): PolicyMatch {
  const rules = objectsAt(match, 'resourceRules').map(readRule);
  // A binding without rules narrows by its selectors alone.
  const everything: MatchRule = { operations: ['*'], groups: ['*'], versions: ['*'], resources: ['*/*'], scope: '*' };
  return {
    rules: rules.length > 0 ? rules : [everything],
    excluded: objectsAt(match, 'excludeResourceRules').map(readRule),
    equivalent: textAt(match, 'matchPolicy') !== 'Exact',
    namespaceSelector: objectAt(match, 'namespaceSelector') ?? {},
    objectSelector: objectAt(match, 'objectSelector') ?? {},
  };
}
