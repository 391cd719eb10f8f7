import { FOLD_COST, LIST_COST, MAP_COST, sizeOfType, type Typed, UNBOUNDED } from './typed.ts';

const sum = (nodes: readonly Typed[]) => nodes.reduce((total, node) => total + estimate(node), 0);

function callCost(node: Typed & { kind: 'call' }): number {
  const sizes = node.args.map((arg) => sizeOfType(arg.type));
  const result = sizeOfType(node.type);
  return Math.max(...node.overloads.map((overload) => (overload.cost?.(sizes) ?? 1) + (overload.resultCost?.(result) ?? 0)));
}

function foldCost(node: Typed & { kind: 'fold' }): number {
  const { turn, once } = FOLD_COST[node.fold];
  const body = estimate(node.body) + (node.filter === undefined ? 0 : estimate(node.filter));
  return estimate(node.range) + once + sizeOfType(node.range.type) * (turn + body);
}

function cost(node: Typed): number {
  switch (node.kind) {
    case 'const':
      return 0;
    case 'name':
      return 1;
    case 'select':
    case 'has':
      return estimate(node.of) + 1;
    case 'index':
      return estimate(node.of) + estimate(node.at) + 1;
    case 'call':
      return sum(node.args) + callCost(node);
    case 'if':
      return estimate(node.test) + Math.max(estimate(node.yes), estimate(node.no));
    case 'list':
      return LIST_COST + sum(node.items);
    case 'map':
      return MAP_COST + sum(node.entries.flat());
    case 'fold':
      return foldCost(node);
    case 'let':
      return LIST_COST + estimate(node.value) + estimate(node.body);
    default:
      return estimate(node.left) + estimate(node.right);
  }
}

/** The most that one evaluation can cost, by the limits that the types carry. */
export function estimate(node: Typed): number {
  return Math.min(cost(node), UNBOUNDED);
}
