import type { UserInfo } from '../user.ts';
import { joinErrors, type Rbac } from './rbac.ts';
import { coversPiece, describeRule, type PolicyRule, pieces } from './rule.ts';

/** Why `user` may not hand out `rules`: the text of the refusal, or `undefined` if all of them are the user's own. */
export function escalation(rbac: Rbac, user: UserInfo, rules: readonly PolicyRule[], namespace: string): string | undefined {
  const owned = rbac.rulesFor(user, namespace);
  const uncovered = rules.flatMap(pieces).filter((piece) => !owned.rules.some((rule) => coversPiece(rule, piece)));
  if (uncovered.length === 0) return undefined;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const lines = [...new Set(compact(uncovered).map(describeRule))].toSorted();
  const unresolved = owned.errors.length > 0 ? `; resolution errors: ${joinErrors(owned.errors)}` : '';
  const who = `user ${JSON.stringify(user.username)} (groups=[${groups}])`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${unresolved}`;
}

/** Joins the verbs of pieces that are the same in everything else, for a text that people can read. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, { rule: PolicyRule; verbs: string[] }>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs]);
    const known = joined.get(key);
    if (!known) joined.set(key, { rule, verbs: [...rule.verbs] });
    else known.verbs.push(...rule.verbs.filter((verb) => !known.verbs.includes(verb)));
  }
  return [...joined.values()].map(({ rule, verbs }) => ({ ...rule, verbs }));
}
