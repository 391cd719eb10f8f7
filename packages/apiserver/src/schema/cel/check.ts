import type { Library, Overload } from './function.ts';
import { checkMacro } from './macros.ts';
import { type Expr, SyntaxFault } from './syntax.ts';
import {
  assignable,
  type Binding,
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DYN,
  INT,
  join,
  list,
  map,
  NULL,
  optional,
  part,
  STRING,
  substitute,
  TYPE,
  typeText,
  UINT,
} from './type.ts';
import { sizeOfType, type Typed, UNBOUNDED } from './typed.ts';
import { CelFailure, TypeValue, Uint, type Value } from './value.ts';

const TYPE_NAMES = new Set([
  'bool',
  'bytes',
  'double',
  'dyn',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
  'int',
  'list',
  'map',
  'null_type',
  'optional_type',
  'string',
  'type',
  'uint',
]);

function constantType(value: Value): CelType {
  if (typeof value === 'string') return { ...STRING, max: value.length };
  if (typeof value === 'bigint') return INT;
  if (typeof value === 'number') return DOUBLE;
  if (typeof value === 'boolean') return BOOL;
  if (value instanceof Uint) return UINT;
  return value instanceof Uint8Array ? { ...BYTES, max: value.length } : NULL;
}

function resultType(overloads: readonly { overload: Overload; binding: Binding }[], args: readonly Typed[]): CelType {
  const sizes = args.map((arg) => sizeOfType(arg.type));
  const types = overloads.map(({ overload, binding }) => {
    const type = substitute(overload.result, binding);
    return overload.size === undefined ? type : { ...type, max: Math.min(overload.size(sizes), UNBOUNDED) };
  });
  const [first = DYN, ...others] = types;
  const same = others.every((type) => typeText(type) === typeText(first));
  const max = Math.max(...types.map(sizeOfType));
  if (!same) return { ...DYN, max };
  return others.length > 0 && first.max !== undefined ? { ...first, max } : first;
}

/** Functions whose last argument, where it is written out, must be one that they can read. */
const READ_AT_ONCE = new Set(['matches', 'duration', 'timestamp']);

function checkLiteral(name: string, args: readonly Typed[], overload: Overload | undefined): void {
  const last = args.at(-1);
  if (!READ_AT_ONCE.has(name) || last?.kind !== 'const' || typeof last.value !== 'string') return;
  try {
    overload?.run(name === 'matches' ? ['', last.value] : [last.value], { charge: () => undefined });
  } catch (error) {
    if (!(error instanceof CelFailure)) throw error;
    throw new SyntaxFault(`invalid ${name} argument`, last.pos);
  }
}

/** Checks one expression against the types of its variables and the signatures of a library. */
export class Checker {
  readonly #library: Library;
  readonly #scopes: ReadonlyMap<string, CelType>[];
  /** Whether literals may hold values of several types. */
  #mixed = false;
  /** Which of the given variables the expression uses. */
  readonly used = new Set<string>();

  constructor(variables: ReadonlyMap<string, CelType>, library: Library) {
    this.#scopes = [variables];
    this.#library = library;
  }

  check(expr: Expr): Typed {
    switch (expr.kind) {
      case 'const':
        return { ...expr, type: constantType(expr.value) };
      case 'name':
        return this.#name(expr.name, expr.pos);
      case 'select':
        return this.#select(expr);
      case 'index':
        return this.#index(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr.items, expr.pos);
      case 'map':
        return this.#map(expr.entries, expr.pos);
      case 'if':
        return this.#if(expr);
      default:
        return this.#logical(expr);
    }
  }

  /** Checks `expr` with further variables in sight. */
  within(variables: Readonly<Record<string, CelType>>, expr: Expr): Typed {
    this.#scopes.push(new Map(Object.entries(variables)));
    const typed = this.check(expr);
    this.#scopes.pop();
    return typed;
  }

  /** Checks an expression that must be true or false. */
  condition(variables: Readonly<Record<string, CelType>>, expr: Expr): Typed {
    const typed = this.within(variables, expr);
    if (!assignable(BOOL, typed.type)) throw new SyntaxFault(`expected type 'bool' but found '${typeText(typed.type)}'`, expr.pos);
    return typed;
  }

  #lookup(name: string): CelType | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  #name(name: string, pos: number): Typed {
    const type = this.#lookup(name);
    if (type !== undefined) {
      if (this.#scopes.findLastIndex((scope) => scope.has(name)) === 0) this.used.add(name);
      return { kind: 'name', name, pos, type };
    }
    if (TYPE_NAMES.has(name)) return { kind: 'const', value: new TypeValue(name), pos, type: TYPE };
    throw new SyntaxFault(`undeclared reference to '${name}' (in container '')`, pos);
  }

  /** The dotted name that an expression spells, if its first part is no variable. */
  #qualified(expr: Expr): string | undefined {
    if (expr.kind === 'name') return this.#lookup(expr.name) === undefined ? expr.name : undefined;
    if (expr.kind !== 'select' || expr.optional) return undefined;
    const head = this.#qualified(expr.of);
    return head === undefined ? undefined : `${head}.${expr.field}`;
  }

  #select(expr: Expr & { kind: 'select' }): Typed {
    const { pos, field } = expr;
    const qualified = this.#qualified(expr);
    if (qualified !== undefined && TYPE_NAMES.has(qualified)) return { kind: 'const', value: new TypeValue(qualified), pos, type: TYPE };
    const of = this.check(expr.of);
    const isOptional = expr.optional || of.type.kind === 'optional';
    const type = this.fieldType(of.type.kind === 'optional' ? part(of.type) : of.type, field, pos);
    return { kind: 'select', of, field, optional: isOptional, pos, type: isOptional && type.kind !== 'optional' ? optional(type) : type };
  }

  /** The type of a field, or a fault that says why there is none. */
  fieldType(type: CelType, field: string, pos: number): CelType {
    if (type.kind === 'dyn') return DYN;
    if (type.kind === 'map') return part(type, 1);
    if (type.kind !== 'object') throw new SyntaxFault(`type '${typeText(type)}' does not support field selection`, pos);
    const found = type.field?.(field);
    if (found === undefined) throw new SyntaxFault(`undefined field '${field}'`, pos);
    return found;
  }

  #index(expr: Expr & { kind: 'index' }): Typed {
    const [of, at] = [this.check(expr.of), this.check(expr.at)];
    const container = of.type.kind === 'optional' ? part(of.type) : of.type;
    const isOptional = expr.optional || of.type.kind === 'optional';
    const element = this.#element(container, at.type);
    if (element === undefined) throw this.#noOverload('_[_]', [of, at], false, expr.pos);
    return { kind: 'index', of, at, optional: isOptional, pos: expr.pos, type: isOptional ? optional(element) : element };
  }

  #element(container: CelType, at: CelType): CelType | undefined {
    if (container.kind === 'dyn') return DYN;
    if (container.kind === 'list' && assignable(INT, at)) return part(container);
    return container.kind === 'map' && assignable(part(container), at) ? part(container, 1) : undefined;
  }

  #call(expr: Expr & { kind: 'call' }): Typed {
    const qualified =
      expr.target === undefined
        ? undefined
        : this.#qualified({ kind: 'select', of: expr.target, field: expr.name, optional: false, pos: expr.pos });
    const macro = checkMacro(this, expr, qualified);
    if (macro !== undefined) return macro;
    if (qualified !== undefined && this.#library.has(qualified)) return this.#apply(qualified, false, expr.args, expr.pos);
    if (expr.target === undefined) return this.#apply(expr.name, false, expr.args, expr.pos);
    return this.#apply(expr.name, true, [expr.target, ...expr.args], expr.pos);
  }

  #apply(name: string, member: boolean, given: readonly Expr[], pos: number): Typed {
    // What `format` prints may be of any types, other lists are of one.
    const before = this.#mixed;
    this.#mixed = name === 'format' || before;
    const args = given.map((arg) => this.check(arg));
    this.#mixed = before;
    if (!this.#library.has(name)) throw new SyntaxFault(`undeclared reference to '${name}' (in container '')`, pos);
    const fitting = this.#library.find(name, member).flatMap((overload) => {
      const binding: Binding = new Map();
      const fits =
        overload.args.length === args.length && overload.args.every((wanted, at) => assignable(wanted, args[at]?.type ?? DYN, binding));
      return fits ? [{ overload, binding }] : [];
    });
    if (fitting.length === 0) throw this.#noOverload(name, args, member, pos);
    checkLiteral(name, args, fitting[0]?.overload);
    return { kind: 'call', name, overloads: fitting.map(({ overload }) => overload), args, pos, type: resultType(fitting, args) };
  }

  #noOverload(name: string, args: readonly Typed[], member: boolean, pos: number): SyntaxFault {
    const [target = '', ...rest] = args.map((arg) => typeText(arg.type));
    const applied = member ? `${target}.(${rest.join(', ')})` : `(${[target, ...rest].filter((text) => text !== '').join(', ')})`;
    return new SyntaxFault(`found no matching overload for '${name}' applied to '${applied}'`, pos);
  }

  /** Literals are of one type throughout. */
  #joined(items: readonly Typed[]): CelType {
    return (
      items.reduce<CelType | undefined>((type, item) => {
        const common = type === undefined ? item.type : join(type, item.type);
        if (common !== undefined || this.#mixed) return common ?? DYN;
        throw new SyntaxFault(`expected type '${typeText(type ?? DYN)}' but found '${typeText(item.type)}'`, item.pos);
      }, undefined) ?? DYN
    );
  }

  #list(given: readonly Expr[], pos: number): Typed {
    const items = given.map((item) => this.check(item));
    return { kind: 'list', items, pos, type: list(this.#joined(items), items.length) };
  }

  #map(given: readonly (readonly [Expr, Expr])[], pos: number): Typed {
    const entries = given.map(([key, value]) => [this.check(key), this.check(value)] as const);
    const type = map(this.#joined(entries.map(([key]) => key)), this.#joined(entries.map(([, value]) => value)), entries.length);
    return { kind: 'map', entries, pos, type };
  }

  #if(expr: Expr & { kind: 'if' }): Typed {
    const [test, yes, no] = [this.check(expr.test), this.check(expr.yes), this.check(expr.no)];
    const type = join(yes.type, no.type);
    if (!assignable(BOOL, test.type) || type === undefined) throw this.#noOverload('_?_:_', [test, yes, no], false, expr.pos);
    const max = Math.max(sizeOfType(yes.type), sizeOfType(no.type));
    return { kind: 'if', test, yes, no, pos: expr.pos, type: max < UNBOUNDED ? { ...type, max } : type };
  }

  #logical(expr: Expr & { kind: 'and' | 'or' }): Typed {
    const [left, right] = [this.check(expr.left), this.check(expr.right)];
    if (!assignable(BOOL, left.type) || !assignable(BOOL, right.type)) {
      throw this.#noOverload(expr.kind === 'and' ? '_&&_' : '_||_', [left, right], false, expr.pos);
    }
    return { kind: expr.kind, left, right, pos: expr.pos, type: BOOL };
  }
}
