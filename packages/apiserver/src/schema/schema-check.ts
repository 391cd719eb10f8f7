import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Check, CheckRun } from './check-run.ts';
import { invalid, required, tooMany } from './field-message.ts';
import { jsonEqual } from './json-equal.ts';
import { numberCheck } from './number-check.ts';
import { SchemaNode, texts } from './schema-node.ts';
import { enumCheck, textCheck, typeCheck } from './value-check.ts';

const TYPE_META = new Set(['apiVersion', 'kind', 'metadata']);

/** The item of `old` that is the same item of a keyed list as `item`. */
export function correlatedItem(item: Json, old: Json | undefined, node: SchemaNode): Json | undefined {
  if (node.listType !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((other) => isObject(other) && node.mapKeys.every((key) => jsonEqual(other[key], item[key])));
}

function property(old: Json | undefined, key: string): Json | undefined {
  return isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
}

/** Whether a value is what it was; the order of a keyed list says nothing. */
export function unchanged(value: Json, old: Json, node: SchemaNode): boolean {
  if (jsonEqual(value, old)) return true;
  if (Array.isArray(value)) {
    const { items } = node;
    return (
      Array.isArray(old) &&
      items !== undefined &&
      value.length === old.length &&
      value.every((item) => {
        const before = correlatedItem(item, old, node);
        return before !== undefined && unchanged(item, before, items);
      })
    );
  }
  if (!isObject(value) || !isObject(old)) return false;
  const keys = Object.keys(value);
  return (
    keys.length === Object.keys(old).length &&
    keys.every((key) => {
      const [now, before] = [value[key], property(old, key)];
      const child = node.properties.get(key) ?? (node.additional instanceof SchemaNode ? node.additional : undefined);
      if (now === undefined || before === undefined) return now === before;
      return child ? unchanged(now, before, child) : jsonEqual(now, before);
    })
  );
}

/**
 * The OpenAPI side of a schema, compiled to functions. Errors on a value that did not change are forgiven where the old
 * value can be told (below properties, map keys and keyed lists): a stricter schema must not lock old objects.
 */
export class SchemaCheck {
  readonly #checks = new Map<SchemaNode, Check>();

  /** Checks `value`, which is or was part of an object, and forgives what did not change. */
  run(value: Json, old: Json | undefined, node: SchemaNode, run: CheckRun): number {
    const before = run.errors.length;
    const count = this.#for(node)(value, old, run);
    if (run.errors.length > before && old !== undefined && unchanged(value, old, node)) run.errors.length = before;
    return count;
  }

  #for(node: SchemaNode): Check {
    const known = this.#checks.get(node);
    if (known !== undefined) return known;
    const check = this.#compile(node);
    this.#checks.set(node, check);
    return check;
  }

  #compile(node: SchemaNode): Check {
    const type = typeCheck(node);
    const junctors = this.#junctors(node);
    const text = textCheck(node);
    const number = numberCheck(node);
    const closed = enumCheck(node);
    const list = this.#list(node);
    const object = this.#object(node);
    return (value, old, run) => {
      const before = run.errors.length;
      type?.(value, run);
      let count = run.errors.length === before ? 2 : 1;
      closed?.(value, run);
      if (value === null) return count;
      for (const junctor of junctors) count += junctor(value, old, run);
      if (typeof value === 'string') text?.(value, run);
      else if (typeof value === 'number' || typeof value === 'bigint') number(value, run);
      else if (Array.isArray(value)) count += list(value, old, run);
      else if (typeof value === 'object') count += object(value, old, run);
      return count + 1;
    };
  }

  #list(node: SchemaNode): (value: Json[], old: Json | undefined, run: CheckRun) => number {
    const { items } = node;
    const [least, most] = [node.limit('minItems'), node.limit('maxItems')];
    return (list, old, run) => {
      let count = 1;
      if (items !== undefined) {
        for (const [index, item] of list.entries()) {
          run.enter(index);
          count += this.run(item, correlatedItem(item, old, node), items, run);
          run.leave();
        }
      }
      if (least !== undefined && list.length < least) run.invalid(list.length, `should have at least ${least} items`);
      if (most !== undefined && list.length > most) run.add(tooMany(run.field(), list.length, most));
      return count;
    };
  }

  #object(node: SchemaNode): (value: JsonObject, old: Json | undefined, run: CheckRun) => number {
    const { properties, additional } = node;
    const other = additional instanceof SchemaNode ? additional : undefined;
    const needed = texts(node.raw['required']);
    const size = sizeCheck(node);
    return (object, old, run) => {
      size?.(object, run);
      for (const key of needed) if (object[key] === undefined) run.add(required(run.child(key)));
      let count = 1;
      for (const key of Object.keys(object)) {
        const child = properties.get(key) ?? other;
        const value = object[key];
        if (value === undefined) continue;
        if (child !== undefined) count += this.#property(value, { old, key, child, run });
        else if (additional === false) run.add(invalid(run.field(), key, `${run.name}.${key} in body is a forbidden property`));
      }
      return count;
    };
  }

  #property(value: Json, at: { old: Json | undefined; key: string; child: SchemaNode; run: CheckRun }): number {
    const { old, key, child, run } = at;
    const before = run.atRoot && TYPE_META.has(key) ? undefined : property(old, key);
    run.enter(key);
    const count = this.run(value, before, child, run);
    run.leave();
    return count;
  }

  #junctors(node: SchemaNode): Check[] {
    const junctors: Check[] = [];
    const branches = (name: 'allOf' | 'anyOf' | 'oneOf') => node.junctor(name).map((branch) => this.#for(branch));
    const [any, one, all] = [branches('anyOf'), branches('oneOf'), branches('allOf')];
    if (any.length > 0) junctors.push(anyOf(any));
    if (one.length > 0) junctors.push(oneOf(one));
    if (all.length > 0) junctors.push(allOf(all));
    if (node.not !== undefined) junctors.push(not(this.#for(node.not)));
    return junctors;
  }
}

function sizeCheck(node: SchemaNode): ((object: JsonObject, run: CheckRun) => void) | undefined {
  const [least, most] = [node.limit('minProperties'), node.limit('maxProperties')];
  if (least === undefined && most === undefined) return undefined;
  return (object, run) => {
    const size = Object.keys(object).length;
    if (least !== undefined && size < least) run.invalid(size, `should have at least ${least} properties`);
    if (most !== undefined && size > most) run.add(tooMany(run.field(), size, most));
  };
}

function merge(run: CheckRun, result: { errors: CheckRun['errors'] } | undefined): void {
  if (result !== undefined) run.errors.push(...result.errors);
}

/** One branch must hold; of those that do not, the one that got furthest explains itself. */
function anyOf(branches: readonly Check[]): Check {
  return (value, old, run) => {
    let best: ReturnType<CheckRun['aside']> | undefined;
    for (const branch of branches) {
      const result = run.aside(() => branch(value, old, run));
      if (result.errors.length === 0) return result.count;
      if (best === undefined || result.count > best.count) best = result;
    }
    run.placeless(`"${run.name}" must validate at least one schema (anyOf)`);
    merge(run, best);
    return best?.count ?? 0;
  };
}

function oneOf(branches: readonly Check[]): Check {
  return (value, old, run) => {
    const results = branches.map((branch) => run.aside(() => branch(value, old, run)));
    const valid = results.filter((result) => result.errors.length === 0);
    if (valid.length === 1) return valid[0]?.count ?? 0;
    const found = valid.length === 0 ? 'none valid' : `${valid.length} valid alternatives`;
    run.placeless(`"${run.name}" must validate one and only one schema (oneOf). Found ${found}`);
    if (valid.length > 0) return 0;
    const best = results.reduce((a, b) => (b.count > a.count ? b : a));
    merge(run, best);
    return best.count;
  };
}

function allOf(branches: readonly Check[]): Check {
  return (value, old, run) => {
    const results = branches.map((branch) => run.aside(() => branch(value, old, run)));
    for (const result of results) merge(run, result);
    const valid = results.filter((result) => result.errors.length === 0).length;
    if (valid < branches.length)
      run.placeless(`"${run.name}" must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    return results.reduce((sum, result) => sum + result.count, 0);
  };
}

function not(branch: Check): Check {
  return (value, old, run) => {
    const { errors } = run.aside(() => branch(value, old, run));
    if (errors.length === 0) run.placeless(`"${run.name}" must not validate the schema (not)`);
    return 0;
  };
}
