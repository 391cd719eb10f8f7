import type { Problem } from '../wire/problem.ts';
import type { Words } from '../words/words.ts';

const QUOTA = /^quota exceeded: (.+) \((.+) > (.+)\)$/;

/** Words for a problem, without repeating what a server said to programs. */
export function problemText(problem: Problem, words: Words): string {
  if (problem.code === 403) return words.problem.forbidden;
  if (problem.code === 0) return words.problem.unreachable;
  return denialText(problem, words) ?? problem.message;
}

/** Words for a refusal by a rule of the lab; nothing for any other problem. */
export function denialText({ reason, message }: Problem, words: Words): string | undefined {
  if (reason !== 'Denied') return undefined;
  const [, what, wanted, limit] = QUOTA.exec(message) ?? [];
  return what && wanted && limit ? words.quota.exceeded(what, wanted, limit) : message;
}
