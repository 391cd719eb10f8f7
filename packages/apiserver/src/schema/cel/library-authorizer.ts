import { text } from './argument.ts';
import { method, type Overload } from './function.ts';
import { BOOL, opaque, STRING } from './type.ts';
import { CelFailure, type Opaque, type Value } from './value.ts';

/** What an expression asks the authorizer. */
export type AuthorizationQuestion = { readonly serviceAccount?: { readonly namespace: string; readonly name: string } } & (
  | { readonly path: string; readonly verb: string }
  | {
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
      readonly fieldSelector: string;
      readonly labelSelector: string;
      readonly verb: string;
    }
);

/** The authorizer's answer. */
interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Asks for the user of the request, or for the service account that the question names. */
export type Authorize = (question: AuthorizationQuestion) => AuthorizationAnswer;

type Kind = 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck' | 'Decision';
type Attribute = 'path' | 'group' | 'resource' | 'subresource' | 'namespace' | 'name' | 'fieldSelector' | 'labelSelector';

interface State {
  readonly authorize: Authorize;
  readonly attributes: Partial<Record<Attribute, string>>;
  readonly account?: { readonly namespace: string; readonly name: string };
  readonly answer?: AuthorizationAnswer;
}

class Step implements Opaque {
  readonly opaque: string;
  readonly state: State;

  constructor(kind: Kind, state: State) {
    this.opaque = `kubernetes.authorization.${kind}`;
    this.state = state;
  }

  equals(other: Opaque): boolean {
    return this === other;
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(authorize: Authorize): Opaque {
  return new Step('Authorizer', { authorize, attributes: {} });
}

const type = (kind: Kind) => opaque(`kubernetes.authorization.${kind}`);
/** The type of the variable `authorizer`. */
export const AUTHORIZER = type('Authorizer');
const [PATH, GROUP, RESOURCE, DECISION] = [type('PathCheck'), type('GroupCheck'), type('ResourceCheck'), type('Decision')];

function step(value: Value | undefined): Step {
  if (value instanceof Step) return value;
  throw new CelFailure('no such overload');
}

function next(from: Step, kind: Kind, attributes: Partial<Record<Attribute, string>>): Step {
  return new Step(kind, { ...from.state, attributes: { ...from.state.attributes, ...attributes } });
}

function check(from: Step, verb: string): Step {
  const { attributes, account, authorize } = from.state;
  const {
    path,
    group = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
    fieldSelector = '',
    labelSelector = '',
  } = attributes;
  const who = account === undefined ? {} : { serviceAccount: account };
  const what = path === undefined ? { group, resource, subresource, namespace, name, fieldSelector, labelSelector } : { path };
  return new Step('Decision', { ...from.state, answer: authorize({ ...who, ...what, verb }) });
}

function decision(value: Value | undefined): AuthorizationAnswer {
  const { answer } = step(value).state;
  if (answer === undefined) throw new CelFailure('no such overload');
  return answer;
}

const narrowing = (name: Attribute) =>
  method(name, [RESOURCE, STRING], RESOURCE, ([from, value]) => next(step(from), 'ResourceCheck', { [name]: text(value) }));
/** A review is the dearest thing that an expression can ask for. */
const CHECK_COST = { cost: () => 350_000 };

/** Questions to the authorizer; for admission only. */
export const AUTHORIZER_LIBRARY: readonly Overload[] = [
  method('path', [AUTHORIZER, STRING], PATH, ([from, path]) => next(step(from), 'PathCheck', { path: text(path) })),
  method('group', [AUTHORIZER, STRING], GROUP, ([from, group]) => next(step(from), 'GroupCheck', { group: text(group) })),
  method(
    'serviceAccount',
    [AUTHORIZER, STRING, STRING],
    AUTHORIZER,
    ([from, namespace, name]) => new Step('Authorizer', { ...step(from).state, account: { namespace: text(namespace), name: text(name) } }),
  ),
  method('resource', [GROUP, STRING], RESOURCE, ([from, resource]) => next(step(from), 'ResourceCheck', { resource: text(resource) })),
  ...(['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'] as const).map(narrowing),
  method('check', [PATH, STRING], DECISION, { run: ([from, verb]) => check(step(from), text(verb)), ...CHECK_COST }),
  method('check', [RESOURCE, STRING], DECISION, { run: ([from, verb]) => check(step(from), text(verb)), ...CHECK_COST }),
  method('allowed', [DECISION], BOOL, ([value]) => decision(value).allowed),
  method('reason', [DECISION], STRING, ([value]) => decision(value).reason),
  method('errored', [DECISION], BOOL, ([value]) => decision(value).error !== undefined),
  method('error', [DECISION], STRING, ([value]) => decision(value).error ?? ''),
];
