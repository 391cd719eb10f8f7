import type { FieldError } from '../../field-error.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { duplicate, forbidden, invalid, OMITTED, required, type Shown } from '../field-message.ts';
import { correlatedItem, unchanged } from '../schema-check.ts';
import type { SchemaNode } from '../schema-node.ts';
import { holds } from '../schema-search.ts';
import { BudgetExceeded } from './evaluate.ts';
import { fromJson } from './json-value.ts';
import { type CompiledRule, compileRule } from './rule.ts';
import { schemaType } from './schema-type.ts';
import type { CelType } from './type.ts';
import { CelFailure, Optional, type Value } from './value.ts';

const CALL_LIMIT = 1_000_000;
const OBJECT_BUDGET = 10_000_000;
const MESSAGE_LIMIT = 5 * 1024;

/** The rules at one schema node. */
interface Rules {
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
}

/** A value being checked, what was there before, and its place. */
interface Site {
  readonly value: Json;
  readonly old: Json | undefined;
  readonly node: SchemaNode;
  readonly path: string;
}

/** One run over an object, with what is left of its budget. */
interface Run {
  budget: number;
  readonly errors: FieldError[];
  readonly warn: ((text: string) => void) | undefined;
}

const shown = (value: Json): Shown => (typeof value === 'object' ? OMITTED : value);
const described = ({ rule }: CompiledRule) => (rule.message.trim() === '' ? rule.rule.trim() : rule.message.trim());
const failureText = ({ rule }: CompiledRule) => (rule.message.trim() === '' ? `failed rule: ${rule.rule.trim()}` : rule.message.trim());

function reasoned(reason: string, field: string, value: Shown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicate(field, value);
    default:
      return invalid(field, value, detail);
  }
}

function evaluationError(error: CelFailure, rule: CompiledRule, site: Site): FieldError {
  const text = described(rule);
  const field = site.path;
  if (error instanceof BudgetExceeded) {
    return invalid(field, site.node.type, `no further validation rules will be run due to call cost exceeds limit for rule: ${text}`);
  }
  if (error.message.startsWith('no such overload')) {
    const detail = `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`;
    return invalid(field, site.node.type, detail);
  }
  return invalid(field, site.node.type, `${error.message} evaluating rule: ${text}`);
}

/** The rules of a schema, compiled when the first object comes, and run over objects. */
export class RuleChecker {
  readonly #root: SchemaNode;
  readonly #relevant = holds((node) => node.rules.length > 0);
  readonly #rules = new Map<SchemaNode, Rules | undefined>();

  constructor(root: SchemaNode) {
    this.#root = root;
  }

  /** Whether the schema has rules at all. */
  get any(): boolean {
    return this.#relevant(this.#root);
  }

  /** What is wrong with an object. What has not changed is warned of instead; nothing is forgiven where nobody hears warnings. */
  errors(object: JsonObject, old: JsonObject | undefined, warn?: (text: string) => void): FieldError[] {
    const run: Run = { budget: OBJECT_BUDGET, errors: [], warn };
    this.#visit({ value: object, old, node: this.#root, path: '' }, run);
    return run.errors;
  }

  #for(node: SchemaNode): Rules | undefined {
    if (this.#rules.has(node)) return this.#rules.get(node);
    const type = node.rules.length === 0 ? undefined : schemaType(node, node === this.#root || node.embedded);
    const rules = type === undefined ? undefined : { type, rules: node.rules.map((rule) => compileRule(rule, node, type)) };
    this.#rules.set(node, rules);
    return rules;
  }

  #visit(site: Site, run: Run): void {
    if (site.value === null || run.budget < 0 || !this.#relevant(site.node)) return;
    const rules = this.#for(site.node);
    if (rules !== undefined) this.#evaluate(rules, site, run);
    if (Array.isArray(site.value)) this.#list(site.value, site, run);
    else if (isObject(site.value)) this.#object(site.value, site, run);
  }

  #list(list: readonly Json[], { old, node, path }: Site, run: Run): void {
    const { items } = node;
    if (items === undefined) return;
    for (const [index, value] of list.entries()) {
      this.#visit({ value, old: correlatedItem(value, old, node), node: items, path: `${path}[${index}]` }, run);
    }
  }

  #object(object: JsonObject, { old, node, path }: Site, run: Run): void {
    for (const [key, value] of Object.entries(object)) {
      const child = node.child(key);
      if (child === undefined || value === undefined) continue;
      const before = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
      const declared = node.properties.has(key);
      const at = declared ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
      this.#visit({ value, old: before, node: child, path: at }, run);
    }
  }

  #evaluate({ type, rules }: Rules, site: Site, run: Run): void {
    const self = fromJson(site.value, type);
    const oldSelf = site.old === undefined || site.old === null ? undefined : fromJson(site.old, type);
    for (const rule of rules) {
      if (run.budget < 0) return;
      const before = rule.rule.optionalOldSelf === true ? new Optional(oldSelf) : oldSelf;
      if (rule.usesOldSelf && before === undefined) continue;
      this.#test(rule, { self, oldSelf: before }, site, run);
    }
  }

  #test(rule: CompiledRule, variables: Readonly<Record<string, Value | undefined>>, site: Site, run: Run): void {
    try {
      const { value, cost } = rule.test?.evaluate(variables, CALL_LIMIT) ?? { value: true, cost: 0 };
      if (!spend(run, cost, site) || value === true) return;
      const error = reasoned(
        rule.rule.reason,
        `${site.path}${rule.at}`.replace(/^\./, ''),
        shown(site.value),
        failed(rule, variables, run),
      );
      // Rules about change are never forgiven; others are, where nothing changed.
      if (run.warn && !rule.usesOldSelf && site.old !== undefined && unchanged(site.value, site.old, site.node))
        run.warn(`${error.field}: ${error.message}`);
      else run.errors.push(error);
    } catch (error) {
      if (!(error instanceof CelFailure)) throw error;
      run.errors.push(evaluationError(error, rule, site));
      if (error instanceof BudgetExceeded) run.budget = -1;
    }
  }
}

function spend(run: Run, cost: number, site: Site): boolean {
  run.budget -= cost;
  if (run.budget >= 0) return true;
  const detail = 'validation failed due to running out of cost budget, no further validation rules will be run';
  run.errors.push(invalid(site.path, site.node.type, detail));
  return false;
}

/** The message of a failed rule: the expression's, unless it fails or is no good line. */
function failed(rule: CompiledRule, variables: Readonly<Record<string, Value | undefined>>, run: Run): string {
  if (rule.message === undefined) return failureText(rule);
  try {
    const { value, cost } = rule.message.evaluate(variables, CALL_LIMIT);
    run.budget -= cost;
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' || text.includes('\n') || text.length > MESSAGE_LIMIT ? failureText(rule) : text;
  } catch (error) {
    if (error instanceof CelFailure) return failureText(rule);
    throw error;
  }
}
