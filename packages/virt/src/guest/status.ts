import { ANNOTATION } from '@crownlabs/api';
import { type Kube, keyOf, keyText } from '@crownlabs/client';
import type { ContainerState, Pod } from 'kubernetes-types/core/v1.js';
import { conditionOf, conditionsFrom, type Finding, present } from '../conditions.ts';
import type { GuestStatus } from '../kinds/guest-schema.ts';
import type { Guest } from '../kinds/kinds.ts';
import { GOES_ON, macOf } from './desired.ts';
import type { Acceleration } from './emulator.ts';
import type { Heard } from './heard.ts';
import { extraAddress, extraCards, podCard } from './networks.ts';

type Phase = NonNullable<GuestStatus['phase']>;

/** What is known of a guest and its pod. */
export interface GuestFacts {
  readonly guest: Guest;
  readonly pod: Kube<Pod> | undefined;
  /** Why there is no pod yet, in words. */
  readonly waitsFor: string | undefined;
  /** Why the API takes no pod of it: a quota, a rule. */
  readonly refused?: string | undefined;
  readonly acceleration: Acceleration;
  /** What its emulator said. */
  readonly heard: Heard | undefined;
  readonly now: number;
}

/** Whether a guest has ended, one way or the other. It does not come back. */
export function isFinal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What a guest is, and why. The phases are KubeVirt's. */
export function observeGuest(facts: GuestFacts): GuestStatus {
  const { guest, pod, now } = facts;
  const before = guest.status ?? {};
  if (isFinal(before.phase)) return before;
  const phase = phaseOf(facts);
  const nodeName = pod?.spec?.nodeName ?? before.nodeName;
  const reason = phase === 'Failed' ? (ending(pod)?.reason ?? 'LauncherGone') : undefined;
  return {
    ...before,
    ...present({ reason, nodeName, guestOSInfo: facts.heard?.agent?.os }),
    phase,
    activePods: activePods(pod, phase),
    interfaces: interfacesOf(facts),
    phaseTransitionTimestamps: transitions(before, phase, now),
    conditions: conditionsFrom(findings(facts, phase), before.conditions, now),
  };
}

function activePods(pod: Kube<Pod> | undefined, phase: Phase): Record<string, string> {
  const { uid } = pod?.metadata ?? {};
  return uid === undefined || isFinal(phase) ? {} : { [uid]: pod?.spec?.nodeName ?? '' };
}

function transitions({ phase: before, phaseTransitionTimestamps = [] }: GuestStatus, phase: Phase, now: number) {
  if (before === phase) return phaseTransitionTimestamps;
  return [...phaseTransitionTimestamps, { phase, phaseTransitionTimestamp: new Date(now).toISOString() }];
}

function phaseOf({ guest, pod }: GuestFacts): Phase {
  if (!pod) return guest.status?.phase === undefined || ['', 'Pending'].includes(guest.status.phase) ? 'Pending' : 'Failed';
  switch (pod.status?.phase) {
    case 'Running':
      return 'Running';
    case 'Succeeded':
      return 'Succeeded';
    case 'Failed':
      return 'Failed';
    default:
      return pod.spec?.nodeName === undefined ? 'Scheduling' : 'Scheduled';
  }
}

function interfacesOf({ guest, pod }: GuestFacts): NonNullable<GuestStatus['interfaces']> {
  const ip = pod?.status?.podIP;
  const first = podCard(guest.spec);
  const where = ip === undefined ? {} : { ipAddress: ip, ipAddresses: [ip], infoSource: 'domain' };
  const key = keyText(keyOf(guest));
  return [
    ...(first ? [{ name: first.name, mac: macOf(guest), ...where }] : []),
    // Which addresses a guest gives itself on a wire is its own affair.
    ...extraCards(guest.spec).map(({ card }) => ({ name: card.name, mac: extraAddress(key, card) })),
  ];
}

function findings(facts: GuestFacts, phase: Phase): Finding[] {
  const { pod } = facts;
  const scheduled = pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const unscheduled: Finding[] =
    scheduled?.status === 'False'
      ? [{ type: 'PodScheduled', status: 'False', reason: scheduled.reason ?? 'Unschedulable', message: scheduled.message ?? '' }]
      : [];
  return [
    ready(facts, phase),
    ...unscheduled,
    ...unsynchronized(facts),
    ...said(facts, phase),
    accelerated(facts),
    ...instant(facts),
    ...agentConnected(facts, phase),
    { type: 'LiveMigratable', status: 'False', reason: 'SingleMachine', message: 'There is no other machine to move to.' },
  ];
}

/** In the words of KubeVirt, which says nothing of a guest without an agent. */
function agentConnected({ heard }: GuestFacts, phase: Phase): Finding[] {
  if (!heard?.agent || phase !== 'Running') return [];
  return [
    {
      type: 'AgentConnected',
      status: 'True',
      reason: 'AgentAnswers',
      message: `The guest has an agent of version ${heard.agent.version}.`,
    },
  ];
}

/** Who is said to run it, until the emulator says who does. */
function accelerated({ heard, acceleration, guest }: GuestFacts): Finding {
  const before = conditionOf(guest.status, ACCELERATED)?.status;
  const known = heard?.accelerated ?? (before === undefined ? acceleration === 'kvm' : before === 'True');
  if (known) return { type: ACCELERATED, status: 'True', reason: 'Kvm', message: 'The processor of this machine runs the guest itself.' };
  const message =
    acceleration === 'kvm'
      ? 'The processor of this machine could run guests itself, and the emulator was not let: this one is emulated, several times slower.'
      : 'The processor of this machine does not run guests itself, so they are emulated: everything works, several times slower.';
  return { type: ACCELERATED, status: 'False', reason: 'SoftwareEmulation', message };
}

/** The condition that says whether the processor runs a guest. */
const ACCELERATED = 'Accelerated';

/** Whether the guest went on from what was prepared, where it should. */
function instant({ guest, pod, heard }: GuestFacts): Finding[] {
  const meant = pod?.metadata.annotations?.[ANNOTATION.instantStart];
  const said = meant === GOES_ON ? heard?.start : meant;
  if (said === undefined) return instantBefore(guest);
  return said === RESTORED
    ? [{ type: INSTANT_START, status: 'True', reason: 'Restored', message: 'The machine went on from a memory that was prepared.' }]
    : [{ type: INSTANT_START, status: 'False', reason: 'Booted', message: `${said.replace(/\.$/, '')}: it boots.` }];
}

/** Who listens again does not hear again how it came up. */
function instantBefore({ status }: Guest): Finding[] {
  const { status: was, reason = '', message = '' } = conditionOf(status, INSTANT_START) ?? {};
  return was === undefined ? [] : [{ type: INSTANT_START, status: was === 'True' ? 'True' : 'False', reason, message }];
}

/** The condition that says whether a machine went on from what was prepared. */
export const INSTANT_START = 'InstantStart';

/** What a launcher says whose guest went on. Everything else is why it boots. */
export const RESTORED = 'restored';

/** In the words of KubeVirt, which others look for. */
function unsynchronized({ refused }: GuestFacts): Finding[] {
  if (refused === undefined) return [];
  return [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: `failed to create virtual machine pod: ${refused}` }];
}

/** So many reboots in a row without becoming ready are no coincidence. */
const LOOP = 3;

function loopText({ heard, pod }: GuestFacts): string | undefined {
  const { reboots = [] } = heard ?? {};
  return reboots.length < LOOP || (podReady(pod) && heard?.bootsAnew !== true)
    ? undefined
    : `The machine has rebooted ${reboots.length} times by itself and was not ready in between.`;
}

function said(facts: GuestFacts, phase: Phase): Finding[] {
  if (phase !== 'Running') return [];
  const loop = loopText(facts);
  return [
    ...(facts.heard?.paused
      ? [{ type: 'Paused', status: 'True', reason: 'PausedByUser', message: 'VMI was paused by user' } as const]
      : []),
    ...(loop === undefined ? [] : [{ type: 'RebootLoop', status: 'True', reason: 'GuestReboots', message: loop } as const]),
  ];
}

/** Whether a guest served when the node asked it last. */
export function podReady(pod: Kube<Pod> | undefined): boolean {
  return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

function ready(facts: GuestFacts, phase: Phase): Finding {
  const { pod, waitsFor, refused } = facts;
  if (waitsFor !== undefined) return unready('DiskNotReady', waitsFor);
  if (refused !== undefined) return unready('GuestNotRunning', refused);
  if (isFinal(phase)) return unready('PodTerminating', endingText(pod));
  if (phase !== 'Running') return unready('GuestNotRunning', trouble(pod) ?? 'The machine is being prepared.');
  return answering(facts);
}

function unready(reason: string, message: string): Finding {
  return { type: 'Ready', status: 'False', reason, message };
}

/** Whoever is paused or frozen says nothing: that need not be asked. */
function answering(facts: GuestFacts): Finding {
  const { pod, heard } = facts;
  if (heard?.paused) return unready('GuestNotReady', 'The machine is paused.');
  const why = hasFallenSilent(facts) ? SILENT : 'GuestNotReady';
  if (heard?.frozen) return unready(why, 'The emulator of the machine does not answer: it is frozen.');
  if (heard?.bootsAnew) return unready('GuestNotReady', loopText(facts) ?? 'The machine boots anew.');
  if (podReady(pod)) return { type: 'Ready', status: 'True', reason: 'GuestAnswers', message: 'The machine runs.' };
  if (why === SILENT) return unready(SILENT, 'The machine does not answer any more.');
  return unready(why, loopText(facts) ?? 'The machine boots.');
}

/** The reason of a machine that was there and says nothing any more. */
const SILENT = 'GuestSilent';

/** It was ready and did not boot since. */
function hasFallenSilent({ guest, heard }: GuestFacts): boolean {
  const { status, reason } = conditionOf(guest.status, 'Ready') ?? {};
  return (status === 'True' || reason === SILENT) && (heard?.reboots ?? []).length === 0;
}

function stateOf(pod: Kube<Pod> | undefined): ContainerState | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === 'compute')?.state;
}

function ending(pod: Kube<Pod> | undefined) {
  return stateOf(pod)?.terminated;
}

/** Why the pod of a guest does not start, in the words of the node. */
function trouble(pod: Kube<Pod> | undefined): string | undefined {
  const waiting = stateOf(pod)?.waiting;
  return waiting?.reason === undefined || waiting.reason === 'ContainerCreating'
    ? undefined
    : `${waiting.reason}: ${waiting.message ?? ''}`;
}

function endingText(pod: Kube<Pod> | undefined): string {
  const end = ending(pod);
  if (!end) return pod?.status?.message ?? 'The pod of the machine is gone.';
  if (end.reason === 'OOMKilled') return 'The machine needed more memory than it may have and was ended.';
  if (end.exitCode === 0) return 'The machine was shut down.';
  // What was said last is why.
  return end.message?.trim().split('\n').at(-1) || `The emulator ended with code ${end.exitCode}.`;
}
