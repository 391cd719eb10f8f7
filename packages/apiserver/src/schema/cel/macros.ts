import { type Expr, SyntaxFault } from './syntax.ts';
import { BOOL, type CelType, DYN, INT, list, map, optional, part, typeText } from './type.ts';
import { type FoldName, sizeOfType, type Typed } from './typed.ts';

/** What a macro asks of the checker that meets it. */
interface Checker {
  check(expr: Expr): Typed;
  /** Checks with more names in scope. */
  within(variables: Readonly<Record<string, CelType>>, expr: Expr): Typed;
  /** As within, for an expression that must be a truth value. */
  condition(variables: Readonly<Record<string, CelType>>, expr: Expr): Typed;
  fieldType(type: CelType, field: string, pos: number): CelType;
}

type Call = Expr & { kind: 'call' };

/** Where a loop's names, condition and body stand among its arguments, by number of arguments. */
const FOLDS: Readonly<Record<string, Readonly<Record<number, { fold: FoldName; names: 1 | 2; filter?: true }>>>> = {
  all: { 2: { fold: 'all', names: 1 }, 3: { fold: 'all', names: 2 } },
  exists: { 2: { fold: 'exists', names: 1 }, 3: { fold: 'exists', names: 2 } },
  exists_one: { 2: { fold: 'existsOne', names: 1 }, 3: { fold: 'existsOne', names: 2 } },
  existsOne: { 2: { fold: 'existsOne', names: 1 }, 3: { fold: 'existsOne', names: 2 } },
  filter: { 2: { fold: 'filter', names: 1 } },
  map: { 2: { fold: 'map', names: 1 }, 3: { fold: 'map', names: 1, filter: true } },
  sortBy: { 2: { fold: 'sortBy', names: 1 } },
  transformList: { 3: { fold: 'transformList', names: 2 }, 4: { fold: 'transformList', names: 2, filter: true } },
  transformMap: { 3: { fold: 'transformMap', names: 2 }, 4: { fold: 'transformMap', names: 2, filter: true } },
  transformMapEntry: { 3: { fold: 'transformMapEntry', names: 2 }, 4: { fold: 'transformMapEntry', names: 2, filter: true } },
};
const CONDITIONS = new Set<FoldName>(['all', 'exists', 'existsOne', 'filter']);

function nameOf(expr: Expr | undefined, fallback: number): string {
  if (expr?.kind === 'name') return expr.name;
  throw new SyntaxFault('argument must be a simple name', expr?.pos ?? fallback);
}

/** The types of a loop's names over a range. */
function elementTypes(range: Typed, count: 1 | 2): CelType[] {
  const { type } = range;
  if (type.kind === 'dyn') return count === 1 ? [DYN] : [DYN, DYN];
  if (type.kind === 'list') return count === 1 ? [part(type)] : [INT, part(type)];
  if (type.kind === 'map') return count === 1 ? [part(type)] : [part(type), part(type, 1)];
  throw new SyntaxFault(
    `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    range.pos,
  );
}

function foldType(fold: FoldName, range: Typed, body: Typed, elements: readonly CelType[]): CelType {
  const max = sizeOfType(range.type);
  switch (fold) {
    case 'map':
    case 'transformList':
      return list(body.type, max);
    case 'filter':
      return range.type.kind === 'list' ? { ...range.type, max } : list(elements[0] ?? DYN, max);
    case 'sortBy':
      return range.type;
    case 'transformMap':
      return map(range.type.kind === 'list' ? INT : part(range.type), body.type, max);
    case 'transformMapEntry':
      return body.type.kind === 'map' ? { ...body.type, max } : DYN;
    default:
      return BOOL;
  }
}

function checkFold(checker: Checker, call: Call, target: Expr): Typed | undefined {
  const form = FOLDS[call.name]?.[call.args.length];
  if (form === undefined) return undefined;
  const range = checker.check(target);
  const elements = elementTypes(range, form.names);
  const names = elements.map((_, at) => nameOf(call.args[at], call.pos));
  const scope = Object.fromEntries(names.map((name, at) => [name, elements[at] ?? DYN]));
  const [first, second] = call.args.slice(form.names);
  if (first === undefined) return undefined;
  const filter = form.filter === true ? checker.condition(scope, first) : undefined;
  const bodyExpr = form.filter === true && second !== undefined ? second : first;
  const body = CONDITIONS.has(form.fold) ? checker.condition(scope, bodyExpr) : checker.within(scope, bodyExpr);
  return { kind: 'fold', fold: form.fold, range, names, filter, body, pos: call.pos, type: foldType(form.fold, range, body, elements) };
}

function checkHas(checker: Checker, call: Call): Typed {
  const [arg] = call.args;
  if (arg?.kind !== 'select' || call.args.length !== 1) throw new SyntaxFault('invalid argument to has() macro', arg?.pos ?? call.pos);
  const of = checker.check(arg.of);
  checker.fieldType(of.type.kind === 'optional' ? part(of.type) : of.type, arg.field, arg.pos);
  return { kind: 'has', of, field: arg.field, pos: call.pos, type: BOOL };
}

function checkBind(checker: Checker, call: Call): Typed | undefined {
  const [variable, given, inner] = call.args;
  if (given === undefined || inner === undefined || call.args.length !== 3) return undefined;
  const name = nameOf(variable, call.pos);
  const value = checker.check(given);
  const body = checker.within({ [name]: value.type }, inner);
  return { kind: 'let', name, value, body, unwrap: 'no', pos: call.pos, type: body.type };
}

function checkOptional(checker: Checker, call: Call, target: Expr): Typed | undefined {
  const [variable, inner] = call.args;
  if (inner === undefined || call.args.length !== 2) return undefined;
  const name = nameOf(variable, call.pos);
  const value = checker.check(target);
  if (value.type.kind !== 'optional' && value.type.kind !== 'dyn') {
    throw new SyntaxFault(`found no matching overload for '${call.name}' applied to '${typeText(value.type)}.()'`, call.pos);
  }
  const body = checker.within({ [name]: part(value.type) }, inner);
  const flat = call.name === 'optFlatMap';
  return { kind: 'let', name, value, body, unwrap: flat ? 'flat' : 'map', pos: call.pos, type: flat ? body.type : optional(body.type) };
}

/** Checks a call that is no function but a form of the language: loops, `has`, `cel.bind`, `optMap`. */
export function checkMacro(checker: Checker, call: Call, qualified: string | undefined): Typed | undefined {
  if (call.target === undefined) return call.name === 'has' ? checkHas(checker, call) : undefined;
  if (qualified === 'cel.bind') return checkBind(checker, call);
  if (call.name === 'optMap' || call.name === 'optFlatMap') return checkOptional(checker, call, call.target);
  return checkFold(checker, call, call.target);
}
