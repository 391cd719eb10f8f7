import { deployments } from '@crownlabs/client';
import { piece } from '../converge.ts';
import type { Lab } from '../lab.ts';
import { signed, startedWith } from './applied.ts';
import { desiredClaim, desiredDeployment } from './desired.ts';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import type { PodContext } from './pod.ts';
import type { PowerStep } from './power.ts';

/** Makes a container environment what it should be. */
export async function convergeContainer(
  lab: Lab,
  facts: InstanceFacts,
  it: EnvironmentFacts,
  { step, context }: { step: PowerStep; context: PodContext },
): Promise<Partial<EnvironmentFacts>> {
  const { instance } = facts;
  if (step === 'stop') {
    // A merge patch is answered with the object.
    const stopped = await lab.client.patch(deployments, it.name, instance.metadata.namespace, { spec: { replicas: 0 } });
    return { deployment: stopped };
  }
  const wish = signed(desiredDeployment(instance, it.environment, context));
  const mends = instance.spec.running && it.deployment !== undefined && startedWith(it.deployment, wish);
  if (step === 'nothing' && !mends) return {};
  const made = step === 'make' ? { ...wish, spec: { ...wish.spec, replicas: 0 } } : wish;
  const disk = it.claim ? undefined : desiredClaim(instance, it.environment, it.name);
  const [deployment] = await Promise.all([lab.converger.ensure(piece(deployments, made)), disk ? lab.converger.ensure(disk) : undefined]);
  return { deployment: deployment };
}
