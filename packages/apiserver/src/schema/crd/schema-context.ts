import type { FieldError } from '../../field-error.ts';
import { forbidden } from '../field-message.ts';

/** What one rule of a schema may cost. */
export const RULE_COST = 10_000_000;
/** What all of them may cost together. */
const SCHEMA_COST = 100_000_000;
const MOST_SHOWN = 4;

/** The text for a cost above its limit. */
export function costText(called: string, cost: number, limit: number): string {
  const excess = cost / limit;
  const factor = excess > 100 ? 'more than 100x' : excess < 1.5 ? `${excess.toFixed(6)}x` : `${excess.toFixed(1)}x`;
  const advice = 'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${called} exceeds budget by factor of ${factor} (${advice})`;
}

/** Adds up the estimated costs of a schema's rules and remembers the dearest. */
export class CostTotal {
  #total = 0;
  readonly #dearest: { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#total += cost;
    if (cost >= SCHEMA_COST / 100) this.#dearest.push({ path, cost });
  }

  errors(path: string): FieldError[] {
    if (this.#total <= SCHEMA_COST) return [];
    const shown = this.#dearest.toSorted((a, b) => b.cost - a.cost).slice(0, MOST_SHOWN);
    const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    return [
      ...shown.map((rule) => forbidden(rule.path, contributed)),
      forbidden(path, costText('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.#total, SCHEMA_COST)),
    ];
  }
}

/** Where in a schema a rule stands, as far as its cost and its use of old values depend on that. */
export interface SchemaContext {
  readonly path: string;
  /** Whether the node is a whole resource. */
  readonly root: boolean;
  /** How many values of this node one object can hold; nothing when a list or map above is unlimited. */
  readonly count: number | undefined;
  /** The list above whose items have no identity, so that old ones cannot be told. */
  readonly uncorrelated: string | undefined;
  readonly total: CostTotal;
}
