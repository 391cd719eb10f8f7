import { addQuantities, approximately, compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../schema/index.ts';

type ByResource = Readonly<Record<string, string>>;

/** One item of a LimitRange. */
export interface LimitItem {
  /** Container, Pod or PersistentVolumeClaim. */
  readonly type: string;
  readonly min: ByResource;
  readonly max: ByResource;
  readonly ratio: ByResource;
  readonly defaults: ByResource;
  readonly defaultRequest: ByResource;
}

/** What something asks for. Without `limits` (a claim) the request alone is held against the bounds. */
export interface Amounts {
  readonly requests: ByResource;
  readonly limits: ByResource | undefined;
}

/** The sum over the containers of a pod. */
export function sumAmounts(all: readonly Amounts[]): Amounts {
  return { requests: sum(all.map(({ requests }) => requests)), limits: sum(all.map(({ limits }) => limits ?? {})) };
}

function sum(all: readonly ByResource[]): ByResource {
  const total = new Map<string, Quantity>();
  for (const [name, text] of all.flatMap((one) => Object.entries(one))) {
    const amount = parseQuantity(text);
    const before = total.get(name);
    if (amount) total.set(name, before ? addQuantities(before, amount) : amount);
  }
  return Object.fromEntries([...total].map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** Of each resource the most that one of several asks for. */
export function largestAmounts(first: Amounts, others: readonly Amounts[]): Amounts {
  const larger = (a: ByResource, b: ByResource): ByResource => {
    const out: Record<string, string> = { ...a };
    for (const [name, amount] of Object.entries(b)) if (out[name] === undefined || compare(amount, out[name]) > 0) out[name] = amount;
    return out;
  };
  return others.reduce(
    (most, one) => ({ requests: larger(most.requests, one.requests), limits: larger(most.limits ?? {}, one.limits ?? {}) }),
    first,
  );
}

/** What breaks the bounds of `item`, each as a sentence. */
export function brokenLimits(item: LimitItem, amounts: Amounts): string[] {
  const errors = [
    ...Object.entries(item.min).map(([name, bound]) =>
      belowLeast(`minimum ${name} usage per ${item.type} is ${bound}`, name, bound, amounts),
    ),
    ...Object.entries(item.max).map(([name, bound]) =>
      aboveMost(`maximum ${name} usage per ${item.type} is ${bound}`, name, bound, amounts),
    ),
    ...Object.entries(item.ratio).map(([name, bound]) =>
      aboveRatio(`${name} max limit to request ratio per ${item.type} is ${bound}`, name, bound, amounts),
    ),
  ];
  return errors.filter((error) => error !== undefined);
}

function belowLeast(rule: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const [request, limit] = [requests[name], limits?.[name]];
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compare(request, bound) < 0) return `${rule}, but request is ${request}`;
  return limit !== undefined && compare(limit, bound) < 0 ? `${rule}, but limit is ${limit}` : undefined;
}

function aboveMost(rule: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const [request, limit] = [requests[name], limits?.[name]];
  if (limits === undefined && request === undefined) return `${rule}.  No request is specified`;
  if (limits !== undefined && limit === undefined) return `${rule}.  No limit is specified`;
  if (limit !== undefined && compare(limit, bound) > 0) return `${rule}, but limit is ${limit}`;
  return request !== undefined && compare(request, bound) > 0 ? `${rule}, but request is ${request}` : undefined;
}

function aboveRatio(rule: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const [request, limit] = [number(requests[name]), number(limits?.[name])];
  if (!request) return `${rule}, but no request is specified or request is 0`;
  if (!limit) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio > number(bound) ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

function compare(a: string, b: string): number {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left && right ? compareQuantities(left, right) : 0;
}

function number(text: string | undefined): number {
  const quantity = text === undefined ? undefined : parseQuantity(text);
  return quantity ? approximately(quantity) : 0;
}
