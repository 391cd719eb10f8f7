import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { Uint, type Value } from './value.ts';

/** A parsed expression. `pos` is the offset in the text that errors point at. */
export type Expr = { readonly pos: number } & (
  | { readonly kind: 'const'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'select'; readonly of: Expr; readonly field: string; readonly optional: boolean }
  | { readonly kind: 'index'; readonly of: Expr; readonly at: Expr; readonly optional: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly target: Expr | undefined; readonly args: readonly Expr[] }
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expr, Expr])[] }
  | { readonly kind: 'if'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
);

/** A text that is no expression, with the offset of the fault. */
export class SyntaxFault extends Error {
  readonly pos: number;

  constructor(message: string, pos: number) {
    super(message);
    this.pos = pos;
  }
}

// Only its parser is used: checking, running and counting the cost are ours (docs/adr/0003).
let parser: Environment | undefined;

const INT_LIMIT = 1n << 63n;

function literal(node: ASTNode & { op: 'value' }, negative = false): Value {
  const value = node.args;
  if (typeof value === 'bigint') {
    const signed = negative ? -value : value;
    if (signed >= INT_LIMIT || signed < -INT_LIMIT) throw new SyntaxFault('invalid int literal', node.pos);
    return signed;
  }
  if (typeof value === 'number') return negative ? -value : value;
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) return new Uint(BigInt(String(value.value)));
  return value;
}

function unary(node: ASTNode & { op: '!_' | '-_' }): Expr {
  const { pos, args } = node;
  if (node.op === '-_' && args.op === 'value' && (typeof args.args === 'bigint' || typeof args.args === 'number')) {
    return { pos, kind: 'const', value: literal(args, true) };
  }
  return { pos, kind: 'call', name: node.op, target: undefined, args: [convert(args)] };
}

/** Operators are calls of functions with the names that errors give them. */
function binary(op: string, pos: number, args: readonly ASTNode[]): Expr {
  return { pos, kind: 'call', name: op === 'in' ? '@in' : `_${op}_`, target: undefined, args: args.map(convert) };
}

function logical(node: ASTNode & { op: '&&' | '||' }): Expr {
  const [left, right] = node.args;
  return { pos: node.pos, kind: node.op === '&&' ? 'and' : 'or', left: convert(left), right: convert(right) };
}

function access(node: ASTNode & { op: '.' | '.?' | '[]' | '[?]' }): Expr {
  const { pos } = node;
  if (node.op === '.' || node.op === '.?') {
    const [of, field] = node.args;
    // The parser points at the field, errors point at the dot in front of it.
    return { pos: Math.max(0, pos - node.op.length), kind: 'select', of: convert(of), field, optional: node.op === '.?' };
  }
  const [of, at] = node.args;
  return { pos, kind: 'index', of: convert(of), at: convert(at), optional: node.op === '[?]' };
}

function aggregate(node: ASTNode & { op: 'list' | 'map' | 'call' | 'rcall' | '?:' }): Expr {
  const { pos } = node;
  switch (node.op) {
    case 'list':
      return { pos, kind: 'list', items: node.args.map(convert) };
    case 'map':
      return { pos, kind: 'map', entries: node.args.map(([key, value]) => [convert(key), convert(value)]) };
    case 'call':
      return { pos, kind: 'call', name: node.args[0], target: undefined, args: node.args[1].map(convert) };
    case 'rcall':
      return { pos, kind: 'call', name: node.args[0], target: convert(node.args[1]), args: node.args[2].map(convert) };
    default:
      return { pos, kind: 'if', test: convert(node.args[0]), yes: convert(node.args[1]), no: convert(node.args[2]) };
  }
}

type Converters = { readonly [Op in ASTNode['op']]?: (node: ASTNode & { op: Op }) => Expr };

const CONVERTERS: Converters = {
  value: (node) => ({ pos: node.pos, kind: 'const', value: literal(node) }),
  id: (node) => ({ pos: node.pos, kind: 'name', name: node.args }),
  '.': access,
  '.?': access,
  '[]': access,
  '[?]': access,
  '&&': logical,
  '||': logical,
  '!_': unary,
  '-_': unary,
  list: aggregate,
  map: aggregate,
  call: aggregate,
  rcall: aggregate,
  '?:': aggregate,
};

function convert(node: ASTNode): Expr {
  // Each converter takes the nodes that it is listed under, which the type of the table cannot say of a lookup.
  const converter = CONVERTERS[node.op] as ((node: ASTNode) => Expr) | undefined;
  return converter?.(node) ?? binary(node.op, node.pos, node.args as ASTNode[]);
}

/** Parses an expression; throws a SyntaxFault. */
export function parse(text: string): Expr {
  parser ??= new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    limits: { maxAstNodes: 100_000, maxDepth: 250, maxListElements: 10_000, maxMapEntries: 10_000, maxCallArguments: 100 },
  });
  try {
    return convert(parser.parse(text).ast);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new SyntaxFault(`Syntax error: ${error.summary}`, error.range?.start ?? 0);
  }
}

/** An error of an expression as compilers show it: where, what, and the line with a mark. */
export function faultText(source: string, message: string, pos: number): string {
  const before = source.slice(0, pos).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}
