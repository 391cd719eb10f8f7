import { ANNOTATION, type Instance } from '@crownlabs/api';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import { hasEnded } from './machine/facts.ts';

/** What should happen to what an environment runs on; `make` is what is there, and stopped, before it has ever run. */
export type PowerStep = 'nothing' | 'make' | 'start' | 'stop';

/** When a stopped environment that is not persistent loses its pod; nothing while it runs. */
export function keptUntil(instance: Instance, keepStoppedMs: number): number | undefined {
  if (instance.spec.running) return undefined;
  const stoppedAt = Date.parse(instance.metadata.annotations?.[ANNOTATION.lastPoweredOff] ?? '');
  return Number.isNaN(stoppedAt) ? undefined : stoppedAt + keepStoppedMs;
}

/** Whether something of the environment is asked to run now. */
export function isPowered({ environment, deployment, machine }: EnvironmentFacts): boolean {
  if (!machine) return (deployment?.spec?.replicas ?? 0) > 0;
  return environment.persistent ? machine.machine?.spec.running === true : machine.guest !== undefined;
}

/** Whether an environment should run now. What is not persistent is kept for a while after a stop, because stopping loses it. */
export function wantsPower(facts: InstanceFacts, it: EnvironmentFacts, keepStoppedMs: number): boolean {
  if (facts.instance.spec.running) return true;
  if (it.environment.persistent || !isPowered(it) || hasEnded(it.machine?.guest)) return false;
  const until = keptUntil(facts.instance, keepStoppedMs) ?? facts.now + keepStoppedMs;
  return facts.now < until;
}

/** What runs is left as it is: an edit of the template reaches an environment when it starts. */
export function powerStep(facts: InstanceFacts, it: EnvironmentFacts, keepStoppedMs: number): PowerStep {
  const wanted = wantsPower(facts, it, keepStoppedMs);
  if (wanted === isPowered(it)) return !wanted && isUnmade(it) ? 'make' : 'nothing';
  return wanted ? 'start' : 'stop';
}

/** Whether what a stopped environment consists of is not there; of a machine that keeps nothing there is nothing. */
function isUnmade({ environment, deployment, machine }: EnvironmentFacts): boolean {
  return machine ? environment.persistent && machine.machine === undefined : deployment === undefined;
}
