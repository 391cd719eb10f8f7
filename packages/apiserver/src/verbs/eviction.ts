import { LabError } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import { actionBody } from '../kinds/index.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { selects } from '../select/label-match.ts';
import { notFound } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import { readWriteOptions } from '../write-options.ts';
import { createdAnswer } from './answer.ts';
import { demandNamespace } from './create.ts';
import { deleteObject } from './delete.ts';
import { type DeleteOptions, deleteOptionsOf } from './delete-options.ts';
import { takeFromBudget } from './disruption-budget.ts';

const EVICTION = actionBody('policy', 'v1', 'Eviction');

/** POST of `pods/eviction`: a deletion that respects disruption budgets. */
export const evict: Verb = async (api, call) => {
  const asked = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
  const eviction = await decodeObject(call, EVICTION, asked);
  demandNamespace(call, eviction);
  const { namespace, name } = call.attributes;
  if (textAt(eviction, 'metadata', 'name') !== name) throw new LabError('BadRequest', 'name in URL does not match name in Eviction object');
  const pod = api.objects.get(call.info, namespace, name);
  if (!pod) throw notFound(call.info, name);
  const options = optionsOf(eviction, asked.dryRun);
  await demandBudget(api, call, pod.object, options);
  await deleteObject(api, call, name, options);
  return createdAnswer(call);
};

function optionsOf(eviction: JsonObject, dryRunAsked: boolean): DeleteOptions {
  const given = objectAt(eviction, 'deleteOptions') ?? {};
  const dryRun = textsAt(given, 'dryRun');
  if (dryRunAsked && dryRun.some((one) => one !== 'All'))
    throw plainError(`Non-matching dry-run options in request and content: [All] and [${dryRun.join(' ')}]`);
  return deleteOptionsOf({ ...given, ...(dryRunAsked ? { dryRun: ['All'] } : {}) });
}

/** A pod that does its work may go only if its budget allows one disruption more; the budget is charged before the pod goes. */
async function demandBudget(api: Api, call: ResourceCall, pod: JsonObject, { write }: DeleteOptions): Promise<void> {
  if (!isAtWork(pod)) return;
  const labels = mapAt(pod, 'metadata', 'labels');
  const budgets = api.objects.reader().list({ group: 'policy', plural: 'poddisruptionbudgets' }, call.attributes.namespace);
  const matching = budgets.filter((budget) => selects(objectAt(budget, 'spec', 'selector'), labels));
  if (matching.length > 1)
    throw plainError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  const [budget] = matching;
  if (!budget || goesUncounted(budget, pod)) return;
  await takeFromBudget(api, call, { name: textAt(budget, 'metadata', 'name'), pod: textAt(pod, 'metadata', 'name'), write });
}

function isAtWork(pod: JsonObject): boolean {
  const phase = textAt(pod, 'status', 'phase');
  return !['Succeeded', 'Failed', 'Pending'].includes(phase) && textAt(pod, 'metadata', 'deletionTimestamp') === '';
}

/** A pod that serves nobody anyway is no loss: always, if the budget says so, else as long as enough others serve. */
function goesUncounted(budget: JsonObject, pod: JsonObject): boolean {
  const ready = objectsAt(pod, 'status', 'conditions').some((one) => one['type'] === 'Ready' && one['status'] === 'True');
  if (ready) return false;
  if (textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const desired = numberAt(budget, 'status', 'desiredHealthy') ?? 0;
  return desired > 0 && (numberAt(budget, 'status', 'currentHealthy') ?? 0) >= desired;
}
