import { compareValues } from './arithmetic.ts';
import { typeOf } from './conversions.ts';
import type { FunctionContext, Overload } from './function.ts';
import type { CelType } from './type.ts';
import { FOLD_COST, type FoldName, LIST_COST, MAP_COST, type Typed } from './typed.ts';
import {
  CelFailure,
  dictionary,
  isDictionary,
  isFields,
  isList,
  kindOf,
  type List,
  mapKey,
  numeric,
  Optional,
  sizeOf,
  type Value,
} from './value.ts';

/** The budget of an evaluation is used up; nothing catches this on the way. */
export class BudgetExceeded extends CelFailure {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** One evaluation: the values of names, and what it has cost so far. */
export class Evaluation implements FunctionContext {
  readonly values: Value[];
  cost = 0;
  readonly #limit: number;

  constructor(values: Value[], limit: number) {
    this.values = values;
    this.#limit = limit;
  }

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new BudgetExceeded();
  }
}

type Program = (run: Evaluation) => Value;

const noOverload = () => new CelFailure('no such overload');

function accepts(type: CelType, value: Value): boolean {
  if (type.kind === 'dyn' || type.kind === 'param') return true;
  const kind = kindOf(value);
  if (type.kind === 'opaque') return kind === type.name;
  return kind === type.kind;
}

function chooser(name: string, overloads: readonly Overload[]): (args: readonly Value[]) => Overload {
  const [only] = overloads;
  if (only !== undefined && overloads.length === 1 && only.args.every((type) => type.kind === 'param')) return () => only;
  return (args) => {
    const chosen = overloads.find((overload) => overload.args.every((type, at) => accepts(type, args[at] ?? null)));
    if (chosen !== undefined) return chosen;
    if (/^[_@!-]/.test(name)) throw noOverload();
    throw new CelFailure(`no such overload: ${name}(${args.map((arg) => typeOf(arg).name).join(', ')})`);
  };
}

/** The member of a map or object; `undefined` when it is not set. */
function member(of: Value, field: string): Value | undefined {
  if (isFields(of)) return of.field(field);
  if (isDictionary(of)) return of.entries.get(field)?.[1];
  throw noOverload();
}

function element(of: Value, at: Value): Value | undefined {
  if (isList(of)) {
    const position = numeric(at);
    if (position === undefined) throw noOverload();
    return of.items[Number(position)];
  }
  if (isFields(of) && typeof at === 'string') return of.field(at);
  const key = mapKey(at);
  if (isDictionary(of) && key !== undefined) return of.entries.get(key)?.[1];
  throw noOverload();
}

const shown = (value: Value) => (typeof value === 'object' ? kindOf(value) : String(value));

function missing(of: Value, at: Value): CelFailure {
  return new CelFailure(isList(of) ? `index out of bounds: ${shown(at)}` : `no such key: ${shown(at)}`);
}

/** A value, or the failure that took its place where one side may still decide. */
function attempt(program: Program, run: Evaluation): Value | CelFailure {
  try {
    return program(run);
  } catch (error) {
    if (error instanceof CelFailure && !(error instanceof BudgetExceeded)) return error;
    throw error;
  }
}

/** `&&` and `||`: one deciding side is enough, even where the other fails. */
function logical(left: Program, right: Program, deciding: boolean): Program {
  return (run) => {
    const first = attempt(left, run);
    if (first === deciding) return deciding;
    const second = attempt(right, run);
    if (second === deciding) return deciding;
    if (first instanceof CelFailure) throw first;
    if (second instanceof CelFailure) throw second;
    if (first !== !deciding || second !== !deciding) throw noOverload();
    return !deciding;
  };
}

/** What a loop walks over: pairs of index and element, or key and value. */
function pairs(range: Value): (readonly [Value, Value])[] {
  if (isList(range)) return range.items.map((item, at) => [BigInt(at), item] as const);
  if (isDictionary(range)) return [...range.entries.values()];
  throw noOverload();
}

/** Compiles checked expressions; names become places in a list of values. */
export class Planner {
  readonly #places: string[];

  constructor(names: readonly string[]) {
    this.#places = [...names];
  }

  plan(node: Typed): Program {
    switch (node.kind) {
      case 'const':
        return () => node.value;
      case 'name':
        return this.#name(node.name);
      case 'select':
      case 'has':
      case 'index':
        return this.#access(node);
      case 'call':
        return this.#call(node);
      case 'and':
      case 'or':
        return logical(this.plan(node.left), this.plan(node.right), node.kind === 'or');
      case 'if':
        return this.#if(node);
      case 'fold':
        return this.#fold(node);
      case 'let':
        return this.#let(node);
      default:
        return this.#literal(node);
    }
  }

  #name(name: string): Program {
    const place = this.#places.lastIndexOf(name);
    return (run) => {
      run.charge(1);
      const value = run.values[place];
      if (value === undefined) throw new CelFailure(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #access(node: Typed & { kind: 'select' | 'has' | 'index' }): Program {
    if (node.kind === 'select') return this.#select(node);
    return node.kind === 'has' ? this.#has(node) : this.#index(node);
  }

  #select(node: Typed & { kind: 'select' }): Program {
    const { field, optional } = node;
    const of = this.plan(node.of);
    return (run) => {
      const target = of(run);
      run.charge(1);
      if (!optional) {
        const value = member(target, field);
        if (value === undefined) throw new CelFailure(`no such key: ${field}`);
        return value;
      }
      const inner = target instanceof Optional ? target.value : target;
      const value = inner === undefined ? undefined : member(inner, field);
      return value instanceof Optional ? value : new Optional(value);
    };
  }

  #has(node: Typed & { kind: 'has' }): Program {
    const of = this.plan(node.of);
    return (run) => {
      const target = of(run);
      run.charge(1);
      const inner = target instanceof Optional ? target.value : target;
      return inner !== undefined && member(inner, node.field) !== undefined;
    };
  }

  #index(node: Typed & { kind: 'index' }): Program {
    const [of, at] = [this.plan(node.of), this.plan(node.at)];
    return (run) => {
      const [target, place] = [of(run), at(run)];
      run.charge(1);
      const inner = target instanceof Optional ? target.value : target;
      const value = inner === undefined ? undefined : element(inner, place);
      if (node.optional) return value instanceof Optional ? value : new Optional(value);
      if (value === undefined) throw missing(target, place);
      return value;
    };
  }

  #call(node: Typed & { kind: 'call' }): Program {
    const args = node.args.map((arg) => this.plan(arg));
    const choose = chooser(node.name, node.overloads);
    return (run) => {
      const values = args.map((arg) => arg(run));
      const overload = choose(values);
      // What is dear is paid before it is done, as far as the arguments tell.
      run.charge(overload.cost?.(values.map(sizeOf)) ?? 1);
      const result = overload.run(values, run);
      if (overload.resultCost !== undefined) run.charge(overload.resultCost(sizeOf(result)));
      return result;
    };
  }

  #if(node: Typed & { kind: 'if' }): Program {
    const [test, yes, no] = [this.plan(node.test), this.plan(node.yes), this.plan(node.no)];
    return (run) => {
      const answer = test(run);
      if (typeof answer !== 'boolean') throw noOverload();
      return answer ? yes(run) : no(run);
    };
  }

  #literal(node: Typed & { kind: 'list' | 'map' }): Program {
    if (node.kind === 'list') {
      const items = node.items.map((item) => this.plan(item));
      return (run) => {
        run.charge(LIST_COST);
        return { items: items.map((item) => item(run)) };
      };
    }
    const entries = node.entries.map(([key, value]) => [this.plan(key), this.plan(value)] as const);
    return (run) => {
      run.charge(MAP_COST);
      return dictionary(entries.map(([key, value]) => [key(run), value(run)] as const));
    };
  }

  #let(node: Typed & { kind: 'let' }): Program {
    const value = this.plan(node.value);
    const place = this.#places.push(node.name) - 1;
    const body = this.plan(node.body);
    this.#places[place] = '';
    return (run) => {
      const given = value(run);
      run.charge(LIST_COST);
      if (node.unwrap !== 'no' && !(given instanceof Optional)) throw noOverload();
      const inner = node.unwrap !== 'no' && given instanceof Optional ? given.value : given;
      if (inner === undefined) return Optional.none;
      run.values[place] = inner;
      const result = body(run);
      return node.unwrap === 'map' ? new Optional(result) : result;
    };
  }

  #fold(node: Typed & { kind: 'fold' }): Program {
    const range = this.plan(node.range);
    const places = node.names.map((name) => this.#places.push(name) - 1);
    const filter = node.filter === undefined ? undefined : this.plan(node.filter);
    const body = this.plan(node.body);
    for (const place of places) this.#places[place] = '';
    const { turn, once } = FOLD_COST[node.fold];
    const [first = 0, second] = places;
    const finish = FINISH[node.fold];
    return (run) => {
      const over = range(run);
      run.charge(once);
      const walk = (visit: Visit): void => {
        for (const pair of pairs(over)) {
          run.charge(turn);
          run.values[first] = second === undefined && isList(over) ? pair[1] : pair[0];
          if (second !== undefined) run.values[second] = pair[1];
          if (filter !== undefined && filter(run) !== true) continue;
          if (visit(body, run, pair, run.values[first] ?? null) === 'stop') return;
        }
      };
      return finish(walk, over);
    };
  }
}

type Visit = (body: Program, run: Evaluation, pair: readonly [Value, Value], first: Value) => 'stop' | undefined | void;
type Finish = (walk: (visit: Visit) => void, over: Value) => Value;

/** `all` and `exists`: the first deciding element ends the loop, a failure counts only when none decides. */
function quantifier(deciding: boolean): Finish {
  return (walk) => {
    let failure: CelFailure | undefined;
    let decided = false;
    walk((body, run) => {
      const answer = attempt(body, run);
      if (answer instanceof CelFailure) failure ??= answer;
      else if (typeof answer !== 'boolean') failure ??= noOverload();
      decided = answer === deciding;
      return decided ? 'stop' : undefined;
    });
    if (!decided && failure !== undefined) throw failure;
    return decided ? deciding : !deciding;
  };
}

function counting(walk: (visit: Visit) => void): number {
  let count = 0;
  walk((body, run) => {
    const answer = body(run);
    if (typeof answer !== 'boolean') throw noOverload();
    count += Number(answer);
  });
  return count;
}

const collected: Finish = (walk) => {
  const items: Value[] = [];
  walk((body, run) => void items.push(body(run)));
  return { items };
};

const kept: Finish = (walk, over) => {
  const items: Value[] = [];
  walk((body, run, _, first) => {
    if (body(run) === true) items.push(first);
  });
  return isList(over) && over.unique !== undefined ? { items, unique: over.unique } : { items };
};

const sorted: Finish = (walk): List => {
  const keyed: (readonly [Value, Value])[] = [];
  walk((body, run, [, item]) => void keyed.push([body(run), item]));
  return { items: keyed.toSorted(([a], [b]) => compareValues(a, b)).map(([, item]) => item) };
};

const FINISH: Readonly<Record<FoldName, Finish>> = {
  all: quantifier(false),
  exists: quantifier(true),
  existsOne: (walk) => counting(walk) === 1,
  map: collected,
  transformList: collected,
  filter: kept,
  sortBy: sorted,
  transformMap: (walk) => {
    const entries: (readonly [Value, Value])[] = [];
    walk((body, run, [key]) => void entries.push([key, body(run)]));
    return dictionary(entries);
  },
  transformMapEntry: (walk) => {
    const entries: (readonly [Value, Value])[] = [];
    walk((body, run) => {
      const made = body(run);
      if (!isDictionary(made)) throw noOverload();
      entries.push(...made.entries.values());
    });
    return dictionary(entries);
  },
};
