import { BODY_LIMIT } from './codec/body.ts';
import type { Answer } from './exchange.ts';
import type { LocalGroup, LocalRequest } from './local-group.ts';
import { notServed } from './not-served.ts';
import type { Paths, PathTable } from './paths.ts';
import type { Call } from './pipeline.ts';
import { methodNotAllowed } from './routes.ts';
import { jsonAnswer } from './verbs/answer.ts';

/** The paths of the API: the table's, and those of groups that other rooms serve. */
export function servedPaths(table: PathTable, groups: readonly LocalGroup[]): Paths {
  return {
    answer(call) {
      const found = table.find(call.attributes.path);
      if (!found) return notServed();
      // Health may be asked in any way; documents can only be read.
      const reads = call.incoming.method === 'GET' || call.incoming.method === 'HEAD';
      if (!reads && !/^\/(?:healthz|livez|readyz)/.test(call.attributes.path)) throw methodNotAllowed();
      return found.handler(call, found.rest);
    },
    local(call) {
      const group = findLocal(groups, call);
      return group && answerLocally(group, call);
    },
  };
}

/** The local group that a call is for. */
export function findLocal(groups: readonly LocalGroup[], { attributes }: Call): LocalGroup | undefined {
  return groups.find((one) => one.group === attributes.group && one.version === attributes.version);
}

/** A call as a local group sees it. */
export function localRequest(call: Call): LocalRequest {
  const { namespace, resource, name, subresource } = call.attributes;
  return {
    method: call.incoming.method,
    namespace,
    resource,
    // A list that is selected by name is a list still.
    name: call.named ? name : '',
    subresource,
    rest: call.rest,
    query: call.query,
    user: call.user,
    body: () => call.incoming.body(BODY_LIMIT),
    signal: call.incoming.signal,
  };
}

async function answerLocally(group: LocalGroup, call: Call): Promise<Answer> {
  const { resource, subresource } = call.attributes;
  const name = subresource === '' ? resource : `${resource}/${subresource}`;
  const served = group.resources.find((one) => one.name === name);
  if (!served) return notServed();
  const { status, body } = await group.handle(localRequest(call));
  return jsonAnswer(status, body);
}
