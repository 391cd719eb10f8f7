import { LabError } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { selects } from '../select/label-match.ts';
import { notFound } from '../status-error.ts';
import { decodeAction } from '../steps/decode.ts';
import { createdAnswer } from './answer.ts';
import { deleteObject } from './delete.ts';
import type { DeleteOptions } from './delete-options.ts';
import { takeFromBudget } from './disruption-budget.ts';

/** POST of `pods/eviction`: a deletion that respects disruption budgets. */
export const evict: Verb = async (api, call) => {
  const eviction = await decodeAction(call);
  const { namespace, name } = call.attributes;
  const said = textAt(eviction, 'metadata', 'name');
  if (said !== '' && said !== name) throw new LabError('BadRequest', 'name in URL does not match name in Eviction object');
  const pod = api.objects.get(call.info, namespace, name);
  if (!pod) throw notFound(call.info, name);
  const options = optionsOf(eviction, call);
  await demandBudget(api, call, pod.object, options);
  await deleteObject(api, call, name, options);
  return createdAnswer(call);
};

function optionsOf(eviction: JsonObject, call: ResourceCall): DeleteOptions {
  const given = objectAt(eviction, 'deleteOptions') ?? {};
  const dryRun = textsAt(given, 'dryRun').includes('All') || call.query.getAll('dryRun').includes('All');
  return {
    policy: undefined,
    orphanDependents: undefined,
    gracePeriodSeconds: numberAt(given, 'gracePeriodSeconds'),
    uid: textAt(given, 'preconditions', 'uid'),
    resourceVersion: textAt(given, 'preconditions', 'resourceVersion'),
    dryRun,
    write: {
      dryRun,
      fieldManager: '',
      fieldValidation: 'Ignore',
      force: false,
      json: { ...given, kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
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
