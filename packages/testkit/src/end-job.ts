import { jobs, type KubeClient } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import { eventually } from './eventually.ts';

const TARGETS = { Complete: 'SuccessCriteriaMet', Failed: 'FailureTarget' } as const;

/**
 * Writes the status of a Job that has ended, as its controller would: once the Job has begun, and with the condition that Kubernetes wants
 * before the last one. `at` is when it ended, in milliseconds.
 */
export async function endJob(
  client: KubeClient,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  how: keyof typeof TARGETS,
  at: number = Date.now(),
): Promise<void> {
  await eventually(async () => {
    if ((await client.get(jobs, name, namespace)).status?.startTime === undefined) throw new Error(`The Job ${name} has not begun`);
  });
  const time = rfc3339(at);
  const conditions = [TARGETS[how], how].map((type) => ({
    type,
    status: 'True',
    reason: 'Test',
    lastProbeTime: time,
    lastTransitionTime: time,
  }));
  const status = { conditions, active: 0, ready: 0, ...(how === 'Complete' ? { succeeded: 1, completionTime: time } : { failed: 1 }) };
  await client.patch(jobs, name, namespace, { status }, { subresource: 'status' });
}
