import { type Instance, instances } from '@crownlabs/api';
import type { EventRecorder } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import type { Clock } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import type { Doorbell } from '../doorbell.ts';
import { isOurNamespace, type Lab } from '../lab.ts';
import type { OperatorMetrics } from '../metrics.ts';
import { chargeOf, type Shortage } from '../quota/charge.ts';
import type { Ledgers } from '../quota/ledger.ts';
import { instancePatch } from './desired.ts';
import type { InstanceFacts } from './facts.ts';
import { gather } from './gather.ts';
import { endWhatRuns } from './orphans.ts';
import type { Patience } from './patience.ts';
import { isPowered, keptUntil, powerStep } from './power.ts';
import { quotaOf, realise } from './realise.ts';
import { report } from './report.ts';
import { nextTelling } from './status.ts';

/** What the instance controller works with. */
export interface InstanceTools {
  readonly lab: Lab;
  readonly ledgers: Ledgers;
  readonly doorbell: Doorbell;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly patience: Patience;
}

const QUOTA_RETRY_MS = 60_000;

/** Turns Instances into what realises them, and tells how far that is. */
export function instanceReconciler(tools: InstanceTools): Reconcile {
  const { lab, config, clock } = tools;
  return async ({ name, namespace = '' }) => {
    const instance = lab.instances.get(name, namespace);
    // Children carry an owner reference, so a deletion is the garbage collector's work; the ledger forgets who is not alive.
    if (!instance || instance.metadata.deletionTimestamp !== undefined) {
      tools.patience.told({ name, namespace });
      if (instance && isOurNamespace(lab, namespace, config)) await endWhatRuns(lab, instance);
      return undefined;
    }
    if (!isOurNamespace(lab, namespace, config)) return undefined;
    const seen = gather(tools, instance, clock.now());
    const shortage = await settle(tools, seen);
    const patch = instancePatch(seen);
    const [patched, { facts, failure }] = await Promise.all([
      patch ? lab.client.patch(instances, name, namespace, patch) : instance,
      realise(tools, { ...seen, shortage }),
    ]);
    await report(tools, { ...facts, instance: withStatus(patched, instance) });
    if (failure) {
      tools.metrics.internalError('instance', failure.code);
      throw failure;
    }
    return nextLook(facts, config);
  };
}

function withStatus(patched: Instance, { status }: Instance): Instance {
  return { ...patched, ...(status ? { status } : {}) };
}

/** When time alone changes something: a kept pod's hour is over, a full quota is looked at again, or a node is worth telling. */
function nextLook(facts: InstanceFacts, { keepStoppedMs }: OperatorsConfig): Requeue {
  const { instance, environments, shortage, now } = facts;
  if (shortage || environments.some(({ obstacle }) => obstacle?.phase === 'ResourceQuotaExceeded')) return { afterMs: QUOTA_RETRY_MS };
  const telling = nextTelling(facts);
  if (telling !== undefined) return { afterMs: telling };
  const kept = environments.some((it) => !it.environment.persistent && isPowered(it));
  const until = kept ? keptUntil(instance, keepStoppedMs) : undefined;
  return until === undefined ? undefined : { afterMs: Math.max(0, until - now) + 50 };
}

/** Reserves what a start takes, or gives back what a stop has freed. */
async function settle({ lab, ledgers, config }: InstanceTools, facts: InstanceFacts): Promise<Shortage | undefined> {
  const { instance, environments, workspace } = facts;
  const { name, namespace = '' } = instance.metadata;
  const quota = quotaOf(lab, facts);
  const startable = environments.filter(({ machine }) => machine?.supported !== false);
  if (!quota || facts.refusal || startable.length === 0) return undefined;
  const key = { namespace, workspace };
  const list = startable.map(({ environment }) => environment);
  const alive = new Set(lab.instances.byIndex('namespace', namespace).map((it) => it.metadata.name));
  const starting = startable.some((it) => powerStep(facts, it, config.keepStoppedMs) === 'start');
  const charge = chargeOf(list, holdsAnything(facts) || starting ? 'everything' : 'disks');
  if (starting) return ledgers.reserve(key, { instance: name, charge, quota, alive });
  await ledgers.settle(key, name, charge);
  return undefined;
}

function holdsAnything({ instance, environments }: InstanceFacts): boolean {
  return instance.spec.running || environments.some((it) => it.pod !== undefined || isPowered(it));
}
