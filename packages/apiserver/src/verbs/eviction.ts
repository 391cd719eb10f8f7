import type { JsonObject } from '../json.ts';
import { mapAt, numberAt, objectAt, textAt, textsAt } from '../json-read.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { selects } from '../select/label-match.ts';
import { notFound, StatusError } from '../status-error.ts';
import { decodeAction } from '../steps/decode.ts';
import { createdAnswer } from './answer.ts';
import { deleteObject } from './delete.ts';
import type { DeleteOptions } from './delete-options.ts';

/** POST of `pods/eviction`: a deletion that respects disruption budgets. */
export const evict: Verb = async (api, call) => {
  const eviction = await decodeAction(call);
  const { namespace, name } = call.attributes;
  const pod = api.objects.get(call.info, namespace, name);
  if (!pod) throw notFound(call.info, name);
  demandBudget(api, call, pod.object);
  await deleteObject(api, call, name, optionsOf(eviction, call));
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

/** A pod that runs may go only if its budget allows one disruption more. */
function demandBudget(api: Api, call: ResourceCall, pod: JsonObject): void {
  const phase = textAt(pod, 'status', 'phase');
  if (phase !== 'Running') return;
  const labels = mapAt(pod, 'metadata', 'labels');
  const budgets = api.objects.reader().list({ group: 'policy', plural: 'poddisruptionbudgets' }, call.attributes.namespace);
  const matching = budgets.filter((budget) => selects(objectAt(budget, 'spec', 'selector'), labels));
  if (matching.length > 1)
    throw plainError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  const [budget] = matching;
  if (!budget || (numberAt(budget, 'status', 'disruptionsAllowed') ?? 0) > 0) return;
  const name = textAt(budget, 'metadata', 'name');
  const healthy = numberAt(budget, 'status', 'desiredHealthy') ?? 0;
  const current = numberAt(budget, 'status', 'currentHealthy') ?? 0;
  const message = `The disruption budget ${name} needs ${healthy} healthy pods and has ${current} currently`;
  throw new StatusError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details: { causes: [{ reason: 'DisruptionBudget', message }] },
  });
}
