import { messageOf } from '@crownlabs/std';
import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { mapAt, objectAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import type { Value } from '../schema/index.ts';
import { selects } from '../select/label-match.ts';
import { forbidden, StatusError } from '../status-error.ts';
import type { ConditionInput, Conditions } from './cel-condition.ts';
import { type Policy, type PolicyBinding, type PolicyMatch, policyList, type Validation } from './policy.ts';
import { matched, matchesRule } from './webhook-match.ts';
import { requestOf } from './webhook-review.ts';

/** What policies are judged with. */
export interface PolicyOptions {
  readonly reader: ObjectReader;
  readonly registry: Registry;
  readonly conditions: Conditions;
}

/** Rules that administrators write as expressions. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
export function validatingPolicies(options: PolicyOptions): AdmissionPlugin & Disposable {
  const list = policyList(options.reader);
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: () => list.all().length > 0,
    validate: (call) => {
      for (const { policy, binding } of list.all()) judge(options, call, policy, binding);
    },
    [Symbol.dispose]: () => list[Symbol.dispose](),
  };
}

function judge(options: PolicyOptions, call: AdmissionCall, policy: Policy, binding: PolicyBinding): void {
  const shown = applies(options, call, policy.match);
  if (!shown || (binding.match && !applies(options, call, binding.match))) return;
  for (const problem of problemsOf(options, { call, policy, binding, shown })) act(call, policy, binding, problem);
}

function applies({ registry, reader }: PolicyOptions, call: AdmissionCall, match: PolicyMatch): ResourceInfo | undefined {
  const shown = matched(match, call, registry, reader);
  return shown && !match.excluded.some((rule) => matchesRule(rule, call, shown)) ? shown : undefined;
}

interface Case {
  readonly call: AdmissionCall;
  readonly policy: Policy;
  readonly binding: PolicyBinding;
  readonly shown: ResourceInfo;
}

interface Problem {
  readonly message: string;
  readonly reason: string;
}

function problemsOf(options: PolicyOptions, it: Case): Problem[] {
  const { policy, binding } = it;
  try {
    const params = paramsOf(options, it);
    if (params === 'missing') {
      const denies = textAt(binding.paramRef, 'parameterNotFoundAction') === 'Deny';
      return denies
        ? [
            {
              message: 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
              reason: 'Invalid',
            },
          ]
        : [];
    }
    return (params ?? [undefined]).flatMap((one) => failed(options, it, one));
  } catch (error) {
    // A policy that cannot be judged counts as broken, unless it says otherwise.
    return policy.ignoresFailure ? [] : [{ message: messageOf(error), reason: 'Invalid' }];
  }
}

function failed({ conditions, reader }: PolicyOptions, { call, policy, shown }: Case, params: JsonObject | undefined): Problem[] {
  const request = requestOf(call, shown);
  const namespaceObject = call.resource.namespaced ? reader.get({ group: '', plural: 'namespaces' }, call.namespace) : undefined;
  const input: ConditionInput = {
    object: request['object'] ?? null,
    oldObject: request['oldObject'] ?? null,
    request,
    namespaceObject: namespaceObject ?? null,
    params: params ?? null,
  };
  if (!policy.conditions.every(({ expression }) => conditions.evaluate(expression, input, call.user) === true)) return [];
  const variables: Record<string, Value> = {};
  const evaluate = (expression: string) => conditions.evaluate(expression, { ...input, variables }, call.user);
  for (const { name, expression } of policy.variables) variables[name] = evaluate(expression);
  return policy.validations.flatMap((validation) => problemOf(validation, evaluate, policy.ignoresFailure));
}

/** What one validation finds; whether it could be told at all is judged for each alone. */
function problemOf(validation: Validation, evaluate: (expression: string) => Value, ignoresFailure: boolean): Problem[] {
  const { expression, reason } = validation;
  try {
    if (evaluate(expression) === true) return [];
  } catch (error) {
    if (ignoresFailure) return [];
    return [{ message: `expression '${expression}' resulted in error: ${messageOf(error)}`, reason: 'Invalid' }];
  }
  return [{ message: messageFor(validation, evaluate), reason }];
}

function messageFor({ expression, message, messageExpression }: Validation, evaluate: (expression: string) => Value): string {
  const text = messageExpression ? evaluate(messageExpression) : message;
  return typeof text === 'string' && text.trim() !== '' ? text : message || `failed expression: ${expression.trim()}`;
}

/** The parameter objects of a binding; `undefined` when it takes none. */
function paramsOf({ reader, registry }: PolicyOptions, { call, policy, binding }: Case): readonly JsonObject[] | 'missing' | undefined {
  const { paramKind } = policy;
  const { paramRef } = binding;
  if (!paramKind || !paramRef) return undefined;
  const resource = registry.byKind(paramKind.group, paramKind.kind, paramKind.version);
  if (!resource) throw new Error(`failed to find resource referenced by paramKind: '${paramKind.kind}'`);
  const namespace = resource.namespaced ? textAt(paramRef, 'namespace') || call.namespace : undefined;
  const name = textAt(paramRef, 'name');
  const named = name ? reader.get(resource.storage, name, namespace) : undefined;
  const selector = objectAt(paramRef, 'selector');
  const found = name
    ? named
      ? [named]
      : []
    : reader.list(resource.storage, namespace).filter((one) => selects(selector, mapAt(one, 'metadata', 'labels')));
  return found.length > 0 ? found : 'missing';
}

const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

function act(call: AdmissionCall, policy: Policy, binding: PolicyBinding, { message, reason }: Problem): void {
  const where = `'${policy.name}' with binding '${binding.name}'`;
  if (binding.actions.includes('Warn')) call.warn(`Validation failed for ValidatingAdmissionPolicy ${where}: ${message}`);
  if (!binding.actions.includes('Deny')) return;
  const text = `ValidatingAdmissionPolicy ${where} denied request: ${message}`;
  const refusal = forbidden(call.resource, call.name, text);
  const details = { ...refusal.details, causes: [{ message: text }] };
  throw new StatusError('Forbidden', refusal.message, { details, reason, status: CODES[reason] ?? 422 });
}
