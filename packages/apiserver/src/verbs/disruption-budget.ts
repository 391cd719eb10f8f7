import { rfc3339 } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, numberAt, objectAt, objectsAt, textAt } from '../json-read.ts';
import type { Api, ResourceCall } from '../pipeline.ts';
import { forbidden, notFound, StatusError } from '../status-error.ts';
import type { WriteOptions } from '../write-options.ts';
import { changeObject } from './update.ts';

const MOST_AWAITED = 2000;
const KIND = { group: 'policy', plural: 'poddisruptionbudget', kind: 'PodDisruptionBudget' };

/** Which budget is charged for which pod. */
export interface Charge {
  readonly name: string;
  readonly pod: string;
  readonly write: WriteOptions;
}

/** Charges a budget for one eviction, or throws TooManyRequests. Evictions at the same moment are charged one after the other. */
export async function takeFromBudget(api: Api, call: ResourceCall, { name, pod, write }: Charge): Promise<void> {
  const info = api.registry.find('policy', 'v1', 'poddisruptionbudgets');
  if (!info) return;
  const { attributes } = call;
  const where = { group: info.group, version: info.version, resource: info.plural, subresource: 'status', name, verb: 'update' };
  await changeObject(
    api,
    { ...call, info, attributes: { ...attributes, ...where } },
    {
      options: { ...write, fieldManager: 'kube-apiserver' },
      createIfAbsent: false,
      wanted(live) {
        if (!live) throw notFound(info, name);
        demandRoom(live, name);
        return charged(live, pod, api.clock.now());
      },
    },
  );
}

function demandRoom(budget: JsonObject, name: string): void {
  const status = objectAt(budget, 'status') ?? {};
  const allowed = numberAt(status, 'disruptionsAllowed') ?? 0;
  if ((numberAt(status, 'observedGeneration') ?? 0) < (numberAt(budget, 'metadata', 'generation') ?? 0)) {
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (allowed < 0) throw forbidden(KIND, name, 'pdb disruptions allowed is negative');
  if (Object.keys(objectAt(status, 'disruptedPods') ?? {}).length > MOST_AWAITED) {
    throw forbidden(KIND, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (allowed > 0) return;
  const [desired, current] = [numberAt(status, 'desiredHealthy') ?? 0, numberAt(status, 'currentHealthy') ?? 0];
  throw tooMany(`The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`);
}

function tooMany(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details: { causes: [{ reason: 'DisruptionBudget', message }], ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
  });
}

function charged(live: JsonObject, pod: string, now: number): JsonObject {
  const budget = cloneJson(live);
  const status = ensureObject(budget, 'status');
  const left = (numberAt(status, 'disruptionsAllowed') ?? 0) - 1;
  status['disruptionsAllowed'] = left;
  ensureObject(status, 'disruptedPods')[pod] = rfc3339(now);
  if (left > 0) return budget;
  for (const condition of objectsAt(status, 'conditions')) {
    if (textAt(condition, 'type') !== 'DisruptionAllowed') continue;
    Object.assign(condition, { status: 'False', reason: 'InsufficientPods', lastTransitionTime: rfc3339(now) });
  }
  return budget;
}
