import type { Rule, SchemaNode } from '../schema-node.ts';
import { type CompiledExpression, compileExpression, isFault } from './compile-expression.ts';
import { BOOL, type CelType, optional, STRING } from './type.ts';

/** A rule of a schema, compiled, or why it cannot be. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly test: CompiledExpression | undefined;
  /** Why the rule is none. */
  readonly fault: string | undefined;
  readonly message: CompiledExpression | undefined;
  readonly messageFault: string | undefined;
  readonly usesOldSelf: boolean;
  /** The part of a field's path that `fieldPath` adds, beginning with `.` or `[`. */
  readonly at: string;
}

/** Splits a `fieldPath` such as `.a['b.c']` into names; nothing when it is none. */
export function pathSegments(path: string): string[] | undefined {
  const segments: string[] = [];
  let rest = path.trim();
  while (rest !== '') {
    const match = /^\.([A-Za-z_][A-Za-z0-9_-]*)|^\['((?:[^'\\]|\\.)*)'\]/.exec(rest);
    if (match === null) return undefined;
    segments.push(match[1] ?? (match[2] ?? '').replace(/\\(.)/g, '$1'));
    rest = rest.slice(match[0].length);
  }
  return segments;
}

function normalizedPath(path: string, node: SchemaNode): string {
  let text = '';
  let at: SchemaNode | undefined = node;
  for (const segment of pathSegments(path) ?? []) {
    text += at?.properties.has(segment) === false ? `[${segment}]` : `.${segment}`;
    at = at?.child(segment);
  }
  return text;
}

/** Compiles one rule against the type of the values that it is about. */
export function compileRule(rule: Rule, node: SchemaNode, type: CelType): CompiledRule {
  const variables = { self: type, oldSelf: rule.optionalOldSelf === true ? optional(type) : type };
  const test = compileExpression(rule.rule, { variables, result: BOOL });
  const message = rule.messageExpression === '' ? undefined : compileExpression(rule.messageExpression, { variables, result: STRING });
  const failed = isFault(test);
  return {
    rule,
    test: failed ? undefined : test,
    fault: failed ? (test.wrongResult ? 'cel expression must evaluate to a bool' : test.fault) : undefined,
    message: message === undefined || isFault(message) ? undefined : message,
    messageFault:
      message !== undefined && isFault(message)
        ? message.wrongResult
          ? 'messageExpression must evaluate to a string'
          : `messageExpression ${message.fault}`
        : undefined,
    usesOldSelf: !failed && test.uses.has('oldSelf'),
    at: normalizedPath(rule.fieldPath, node),
  };
}
