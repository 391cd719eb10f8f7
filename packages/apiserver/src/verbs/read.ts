import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { notFound } from '../status-error.ts';
import { objectAnswer } from './answer.ts';
import { reached } from './revision.ts';

/** GET of one object, or of its status. */
export const get: Verb = async (api, call) => {
  await demandRevision(api, call);
  const { info, attributes } = call;
  const stored = api.objects.get(info, info.namespaced ? attributes.namespace : '', attributes.name);
  if (!stored) throw notFound(info, attributes.name);
  return objectAnswer(api, call, stored);
};

async function demandRevision(api: Api, call: ResourceCall): Promise<void> {
  const asked = call.query.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return;
  if (!/^\d+$/.test(asked)) {
    throw plainError(
      `resourceVersion: Invalid value: ${JSON.stringify(asked)}: strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`,
    );
  }
  await reached(api, Number(asked), call.incoming.signal);
}
