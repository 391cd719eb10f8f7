import type { Strategy } from './strategy.ts';

const PLAIN: Strategy = {};

/** By `group/version/Kind`. */
const STRATEGIES: Readonly<Record<string, Strategy>> = {};

/** The behaviour of a built-in kind. */
export function strategyOf(group: string, version: string, kind: string): Strategy {
  return STRATEGIES[`${group}/${version}/${kind}`] ?? PLAIN;
}
