import type { InstancePhase } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Finding } from '../conditions.ts';
import { waitingText } from '../quota/charge.ts';
import { type EnvironmentFacts, type InstanceFacts, isDesktop, type Refusal } from './facts.ts';
import { isImporting, type MachineFacts } from './machine/facts.ts';
import { quotaRefused } from './machine/phase.ts';
import { restored, toldByMachines } from './machine/told.ts';
import { machineProgress, machineTrouble } from './machine/trouble.ts';
import { NO_MACHINES } from './obstacle.ts';
import { isReady, namespaceQuotaHit } from './phase.ts';
import { imageOnItsWay, podTrouble } from './pod-trouble.ts';
import { keptUntil, wantsPower } from './power.ts';
import { isOpen, isRouted, type WayInConfig } from './way-in.ts';

/** What of an installation decides what is said. */
export type FindingsConfig = WayInConfig & { readonly keepStoppedMs: number };

/** What there is to say of an instance, in words that its owner understands. */
export function findings(facts: InstanceFacts, phase: InstancePhase, config: FindingsConfig): Finding[] {
  const { keepStoppedMs } = config;
  const own = [ready(facts, phase), ...connectable(facts), ...kept(facts, keepStoppedMs)];
  return [
    ...own,
    ...supported(facts),
    ...asleep(facts),
    ...toldByMachines(facts.environments),
    ...restored(facts.environments),
    ...exposed(facts, config),
    ...drive(facts),
  ];
}

const SIMPLE: Partial<Record<InstancePhase, { reason: string; message: string }>> = {
  Ready: { reason: 'Ready', message: 'Everything runs.' },
  Off: { reason: 'Off', message: 'Stopped.' },
  Stopping: { reason: 'Stopping', message: 'Stopping.' },
  Suspended: { reason: 'Suspended', message: 'Asleep: what was in its memory is kept, and takes none meanwhile.' },
};

function ready(facts: InstanceFacts, phase: InstancePhase): Finding {
  const status = phase === 'Ready' ? 'True' : 'False';
  const why = facts.refusal ?? SIMPLE[phase] ?? troubleOf(facts) ?? progressOf(facts);
  return { type: 'Ready', status, reason: why.reason, message: why.message };
}

function troubleOf(facts: InstanceFacts): Refusal | undefined {
  if (facts.shortage) return { reason: 'QuotaExceeded', message: waitingText(facts.shortage) };
  for (const it of facts.environments) {
    const trouble = environmentTrouble(it);
    if (trouble) return trouble;
  }
  return undefined;
}

function environmentTrouble(it: EnvironmentFacts): Refusal | undefined {
  if (it.obstacle) return it.obstacle;
  if (namespaceQuotaHit(it) || quotaRefused(it.machine?.guest?.status?.conditions)) {
    const message = 'Waiting until another of your instances has stopped completely: together they need more than you may use.';
    return { reason: 'QuotaExceeded', message };
  }
  const trouble = it.machine && (withoutImage(it) ?? machineTrouble(it.machine, it.environment));
  if (trouble) return trouble;
  return it.pod && !isReady(it.pod) ? podTrouble(it) : undefined;
}

/** A machine that has no image yet can itself only say that it starts. */
function withoutImage({ machine, build }: EnvironmentFacts): Refusal | undefined {
  return machine?.guest?.status?.phase === 'Running' ? undefined : imageOnItsWay(build);
}

/** How far a start without trouble has come: the last step that is seen. */
function progressOf({ environments }: InstanceFacts): Refusal {
  const behind = environments.find(({ pod, machine }) => !pod || !isReady(pod) || (machine && !serves(machine)));
  if (behind?.machine) return machineProgress(behind.machine);
  return (
    STEPS.find(({ reached }) => behind?.pod && reached(behind.pod)) ?? { reason: 'Starting', message: 'The environment is being started.' }
  );
}

/** What its pod says of a machine that was reset is from before. */
function serves({ disk, guest }: MachineFacts): boolean {
  return !isImporting(disk) && guest?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
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
  const still = facts.environments.filter((it) => !it.environment.persistent && wantsPower(facts, it, keepStoppedMs));
  if (still.length === 0) return [];
  const until = keptUntil(facts.instance, keepStoppedMs) ?? facts.now + keepStoppedMs;
  const message = `Off, kept in memory until ${rfc3339(until)}. Start it before then to find everything as you left it; afterwards, what is not on your personal drive is lost.`;
  return [{ type: 'KeptInMemory', status: 'True', reason: 'StoppedRecently', message }];
}

function supported({ instance, environments }: InstanceFacts): Finding[] {
  if (environments.some(({ machine }) => machine?.supported === false)) return [{ type: 'Supported', status: 'False', ...NO_MACHINES }];
  const sleepless = instance.spec.suspended === true && environments.find((it) => !it.machine || !it.environment.persistent);
  if (!sleepless) return [];
  const message = `${sleepless.environment.name} cannot sleep: only machines that keep their disks can. It runs on until you stop it.`;
  return [{ type: 'Supported', status: 'False', reason: 'SuspendNotSupported', message }];
}

/** Whether the memory of a machine is kept, or why it is not. */
function asleep({ environments }: InstanceFacts): Finding[] {
  const said = environments.flatMap(({ machine }) => machine?.machine?.status?.conditions ?? []).find(({ type }) => type === 'Suspended');
  if (!said) return [];
  const { reason = 'Suspended', message = '' } = said;
  return [{ type: 'Suspended', status: said.status === 'True' ? 'True' : 'False', reason, message }];
}

/** Where a Gateway leads in, whether it does. */
function exposed({ instance, environments, gatewayApi }: InstanceFacts, config: WayInConfig): Finding[] {
  const routed = environments.filter(({ environment }) => isRouted(environment));
  if (config.exposition !== 'httproute' || !instance.spec.running || routed.length === 0) return [];
  if (!gatewayApi) {
    const message = 'This system has no Gateway through which environments could be reached. Tell its administrator.';
    return [{ type: 'Exposed', status: 'False', reason: 'GatewayApiNotInstalled', message }];
  }
  return routed.every((it) => isOpen(it, config))
    ? [{ type: 'Exposed', status: 'True', reason: 'Accepted', message: 'The way in is open.' }]
    : [{ type: 'Exposed', status: 'False', reason: 'WaitingForGateway', message: 'The way in is being opened.' }];
}

function drive({ driveMissing }: InstanceFacts): Finding[] {
  if (!driveMissing) return [];
  const message = 'Your personal drive cannot be mounted here. The environment works without it; nothing in it outlives the environment.';
  return [{ type: 'DriveUnavailable', status: 'True', reason: 'NoSharedStorage', message }];
}
