import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeClient, namespaces, resourceQuotas, serviceAccounts } from '@crownlabs/client';
import { chosenControllers, startKubeControllers } from '@crownlabs/kube-controllers';
import { hasCode } from '@crownlabs/std';

/** A controller of accounts gives a new namespace one in no time. */
const CONTROLLERS_ANSWER_MS = 10_000;
/** Its controller looks for new kinds every thirty seconds, and counts none before. */
const QUOTAS_LEARN_MS = 120_000;
const ASK_ANEW_MS = 5_000;

/** What an API program alone lacks: the controllers that delete, bind, count and roll out. Events are the cluster's to keep. */
const STAND_INS = chosenControllers(['*', '-event-expiry', '-scheduler', '-root-ca-cert-publisher', '-clusterrole-aggregation']);

/**
 * Makes up for what a given cluster may be: an API without kube-controller-manager gets controllers of ours until `signal` aborts, and one
 * that has them is waited for until its quotas count the kinds of the lab, which they learn of late.
 */
export async function readyControllers(admin: KubeClient, signal: AbortSignal): Promise<void> {
  const name = `crownlabs-probe-${randomBytes(3).toString('hex')}`;
  await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const there = await within(CONTROLLERS_ANSWER_MS, async () => (await admin.find(serviceAccounts, 'default', name)) !== undefined);
  if (!there) startKubeControllers({ client: admin, rootCa: '', controllers: STAND_INS }, signal);
  await within(QUOTAS_LEARN_MS, () => countsInstances(admin, name));
  await admin.delete(namespaces, name);
}

const COUNT = 'count/instances.crownlabs.polito.it';

/** A quota that was made before its controller knew the kind stays without the figure for minutes: a new one tells. */
async function countsInstances(admin: KubeClient, namespace: string): Promise<boolean> {
  const spec = { hard: { [COUNT]: '1' } };
  await admin
    .create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'probe', namespace }, spec })
    .catch(whenThere);
  const used = async () => (await admin.get(resourceQuotas, 'probe', namespace)).status?.used ?? {};
  if (await within(ASK_ANEW_MS, async () => COUNT in (await used()))) return true;
  await admin.delete(resourceQuotas, 'probe', namespace);
  return false;
}

function whenThere(error: unknown): void {
  if (!hasCode(error, 'AlreadyExists')) throw error;
}

async function within(ms: number, holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await sleep(100);
  }
  return false;
}
