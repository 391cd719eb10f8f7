import type { Decision, RequestAttributes } from '../call.ts';
import type { UserInfo } from '../user.ts';
import { resourceText } from './attributes.ts';

/** What was refused, as the sentence that follows `… is forbidden: `, with what could not be looked up. */
export function refusal(attributes: RequestAttributes, user: UserInfo, decision?: Decision): string {
  const text = sentence(attributes, user);
  return decision?.reason ? `${text}: ${decision.reason}` : text;
}

function sentence(attributes: RequestAttributes, user: UserInfo): string {
  const { verb, path, group, namespace, resourceRequest } = attributes;
  const who = `User ${JSON.stringify(user.username)}`;
  if (!resourceRequest) return `${who} cannot ${verb} path ${JSON.stringify(path)}`;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} cannot ${verb} resource ${JSON.stringify(resourceText(attributes))} in API group ${JSON.stringify(group)} ${where}`;
}
