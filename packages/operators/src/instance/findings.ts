import type { InstancePhase } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Finding } from '../conditions.ts';
import { waitingText } from '../quota/charge.ts';
import { keptUntil, wantedReplicas } from './desired.ts';
import { type InstanceFacts, isDesktop, isMachine } from './facts.ts';
import { isReady, namespaceQuotaHit } from './phase.ts';
import { podTrouble } from './pod-trouble.ts';

const NO_MACHINES = 'Virtual machines are not installed on this system. Ask your teacher for a template with containers.';

/** What there is to say of an instance, in words that its owner understands. */
export function findings(facts: InstanceFacts, phase: InstancePhase, keepStoppedMs: number): Finding[] {
  return [ready(facts, phase), ...connectable(facts), ...kept(facts, keepStoppedMs), ...supported(facts), ...drive(facts)];
}

const SIMPLE: Partial<Record<InstancePhase, { reason: string; message: string }>> = {
  Ready: { reason: 'Ready', message: 'Everything runs.' },
  Off: { reason: 'Off', message: 'Stopped.' },
  Stopping: { reason: 'Stopping', message: 'Stopping.' },
};

function ready(facts: InstanceFacts, phase: InstancePhase): Finding {
  const status = phase === 'Ready' ? 'True' : 'False';
  const why = facts.refusal ?? SIMPLE[phase] ?? troubleOf(facts) ?? progressOf(facts);
  return { type: 'Ready', status, reason: why.reason, message: why.message };
}

function troubleOf(facts: InstanceFacts): { reason: string; message: string } | undefined {
  if (facts.environments.some(({ environment }) => isMachine(environment))) {
    return { reason: 'VirtualMachinesNotInstalled', message: NO_MACHINES };
  }
  if (facts.shortage) return { reason: 'QuotaExceeded', message: waitingText(facts.shortage) };
  if (facts.environments.some(namespaceQuotaHit)) {
    const message = 'Waiting until another of your instances has stopped completely: together they need more than you may use.';
    return { reason: 'QuotaExceeded', message };
  }
  for (const it of facts.environments) {
    const trouble = it.pod && !isReady(it.pod) ? podTrouble(it) : undefined;
    if (trouble) return trouble;
  }
  return undefined;
}

/** How far a start without trouble has come: the last step that is seen. */
function progressOf({ environments }: InstanceFacts): { reason: string; message: string } {
  const behind = environments.find(({ pod }) => !pod || !isReady(pod));
  return (
    STEPS.find(({ reached }) => behind?.pod && reached(behind.pod)) ?? { reason: 'Starting', message: 'The environment is being started.' }
  );
}

const STEPS: readonly { reached: (pod: Kube<Pod>) => boolean; reason: string; message: string }[] = [
  {
    reached: ({ status }) => status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true,
    reason: 'Booting',
    message: 'The environment has started and is getting ready.',
  },
  {
    reached: ({ status }) => status?.initContainerStatuses?.some(({ state }) => state?.running !== undefined) === true,
    reason: 'LoadingContent',
    message: 'Loading the files of the exercise.',
  },
];

function connectable({ instance, environments }: InstanceFacts): Finding[] {
  const desktops = environments.filter(({ environment }) => isDesktop(environment));
  if (desktops.length === 0) return [];
  const open = instance.spec.running && desktops.every((it) => it.connectable && it.pod?.status?.podIP !== undefined);
  return [
    open
      ? { type: 'Connectable', status: 'True', reason: 'DesktopAnswers', message: 'The desktop can be opened.' }
      : { type: 'Connectable', status: 'False', reason: 'NoAnswerYet', message: 'The desktop does not answer yet.' },
  ];
}

/** What a stop has not lost yet, and when it will. */
function kept(facts: InstanceFacts, keepStoppedMs: number): Finding[] {
  if (facts.instance.spec.running) return [];
  const still = facts.environments.filter((it) => !it.environment.persistent && wantedReplicas(facts, it, keepStoppedMs) === 1);
  if (still.length === 0) return [];
  const until = keptUntil(facts.instance, keepStoppedMs) ?? facts.now + keepStoppedMs;
  const message = `Off, kept in memory until ${rfc3339(until)}. Start it before then to find everything as you left it; afterwards, what is not on your personal drive is lost.`;
  return [{ type: 'KeptInMemory', status: 'True', reason: 'StoppedRecently', message }];
}

function supported({ environments }: InstanceFacts): Finding[] {
  if (!environments.some(({ environment }) => isMachine(environment))) return [];
  return [{ type: 'Supported', status: 'False', reason: 'VirtualMachinesNotInstalled', message: NO_MACHINES }];
}

function drive({ driveMissing }: InstanceFacts): Finding[] {
  if (!driveMissing) return [];
  const message = 'Your personal drive cannot be mounted here. The environment works without it; nothing in it outlives the environment.';
  return [{ type: 'DriveUnavailable', status: 'True', reason: 'NoSharedStorage', message }];
}
