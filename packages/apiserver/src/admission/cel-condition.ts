import { LabError } from '@crownlabs/std';
import { serviceAccountUser } from '../authn/index.ts';
import { pathAttributes, type Rbac, resourceAttributes } from '../authz/index.ts';
import type { Json, JsonObject } from '../json.ts';
import { dictionary } from '../schema/cel/value.ts';
import {
  AUTHORIZER,
  type AuthorizationQuestion,
  authorizerValue,
  BOOL,
  type CelType,
  type CompiledExpression,
  compileExpression,
  DYN,
  fromJson,
  isFault,
  typeText,
  type Value,
} from '../schema/index.ts';
import type { UserInfo } from '../user.ts';

/** What the expressions of admission see. */
export interface ConditionInput {
  readonly object: Json;
  readonly oldObject: Json;
  readonly request: JsonObject;
  readonly namespaceObject?: Json;
  readonly params?: Json;
  /** Named expressions of a policy, by name. */
  readonly variables?: Readonly<Record<string, Value>>;
}

/** Evaluates expressions for one request; throws what goes wrong. */
export interface Conditions {
  evaluate(expression: string, input: ConditionInput, user: UserInfo): Value;
}

const VARIABLES = { object: DYN, oldObject: DYN, request: DYN, namespaceObject: DYN, params: DYN, variables: DYN, authorizer: AUTHORIZER };
/** What Kubernetes allows one expression to cost. https://kubernetes.io/docs/reference/using-api/cel/ */
const COST_LIMIT = 2_500_000;
const REMEMBERED = 1000;

/** Expressions of the Common Expression Language, each compiled once. */
export function conditions(rbac: Rbac): Conditions {
  const known = new Map<string, CompiledExpression>();
  function compile(expression: string): CompiledExpression {
    const found = known.get(expression);
    if (found) return found;
    const made = compileExpression(expression, { variables: VARIABLES, authorizer: true });
    if (isFault(made)) throw new LabError('Invalid', made.fault);
    if (known.size >= REMEMBERED) known.clear();
    known.set(expression, made);
    return made;
  }
  return {
    evaluate: (expression, input, user) => {
      const { variables, object, oldObject, request, namespaceObject, params } = input;
      const values: Record<string, Value | undefined> = {
        object: fromJson(object),
        oldObject: fromJson(oldObject),
        request: fromJson(request),
        namespaceObject: fromJson(namespaceObject ?? null),
        params: fromJson(params ?? null),
        variables: dictionary(Object.entries(variables ?? {})),
        authorizer: authorizerValue((question) => answer(rbac, question, user)),
      };
      return compile(expression).evaluate(values, COST_LIMIT).value;
    },
  };
}

function answer(rbac: Rbac, question: AuthorizationQuestion, user: UserInfo) {
  const { serviceAccount, verb } = question;
  const who = serviceAccount ? serviceAccountUser(serviceAccount.namespace, serviceAccount.name) : user;
  const { allowed, reason } = rbac.authorize('path' in question ? pathAttributes(verb, question.path) : resourceAttributes(question), who);
  return { allowed, reason };
}

/** Values by these names, and no others. */
function holding(names: readonly string[]): CelType {
  return { kind: 'object', name: 'kubernetes.variables', field: (name) => (names.includes(name) ? DYN : undefined) };
}

/** What is asked of an expression beside that it can be compiled. */
export interface Demand {
  readonly result?: CelType;
  /** Names that it cannot see, as nobody gives them. */
  readonly hidden?: readonly string[];
  /** Names of the expressions of a policy that come before it; all there may be where nothing is said. */
  readonly named?: readonly string[];
}

/** Why `expression` is no condition of admission: it is no expression, or its answer is not true or false. */
export function conditionFault(expression: string, { result = BOOL, hidden = [], named }: Demand = {}): string | undefined {
  const all = named === undefined ? VARIABLES : { ...VARIABLES, variables: holding(named) };
  const variables = Object.fromEntries(Object.entries(all).filter(([name]) => !hidden.includes(name)));
  const made = compileExpression(expression, { variables, authorizer: true, result });
  if (!isFault(made)) return undefined;
  return made.wrongResult ? `must evaluate to ${typeText(result)} but got ${made.fault}` : made.fault;
}
