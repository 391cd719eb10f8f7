import { type EnvironmentStatus, type Instance, type InstanceStatus, instances } from '@crownlabs/api';
import { type EventRecorder, keyOf } from '@crownlabs/client';
import { sameJson } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import type { OperatorMetrics } from '../metrics.ts';
import type { InstanceFacts } from './facts.ts';
import type { Patience } from './patience.ts';
import { observe, readySeconds } from './status.ts';

/** What an instance is reported with. */
export interface ReportTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly patience: Patience;
}

/** Writes what was seen of an instance, where that is new, and tells those who listen. */
export async function report({ lab, config, events, metrics, patience }: ReportTools, facts: InstanceFacts): Promise<void> {
  const { instance } = facts;
  const status = observe(facts, config);
  const key = keyOf(instance);
  if (!sameJson(status, instance.status)) {
    if (goesItsWay(status) && patience.mayWait(key)) return;
    await write({ lab, events, metrics }, facts, status);
  }
  patience.told(key);
}

/** On its way, with nothing that anybody has to know. */
function goesItsWay({ phase, conditions = [] }: InstanceStatus): boolean {
  return phase === 'Starting' && QUIET.has(conditions.find(({ type }) => type === 'Ready')?.reason ?? '');
}

async function write(
  { lab, events, metrics }: Pick<ReportTools, 'lab' | 'events' | 'metrics'>,
  facts: InstanceFacts,
  status: InstanceStatus,
): Promise<void> {
  const { instance } = facts;
  const { name, namespace, resourceVersion } = instance.metadata;
  announce(events, instance, status);
  // Conditions of others are in the same list, which is replaced whole: it must be the latest.
  await lab.client.patch(instances, name, namespace, { metadata: { resourceVersion }, status }, { subresource: 'status' });
  // Counted once it is written, because a failed write is tried again.
  for (const it of status.environments ?? []) count(metrics, facts, it);
}

/** What goes as it should is in the status; it needs no Event. */
const QUIET = new Set(['Starting', 'Booting', 'Ready', 'Stopping', 'Off', 'LoadingContent']);
/** Nothing that anybody has to do something about. */
const NORMAL = new Set(['ImageBuilding', 'ImportingDisk', 'NoMachine', 'WaitingForPlace']);

/** An Event for each reason that is new, so that `kubectl describe` tells the story. */
function announce(events: EventRecorder, instance: Instance, { conditions = [] }: InstanceStatus): void {
  const now = conditions.find(({ type }) => type === 'Ready');
  const before = instance.status?.conditions?.find(({ type }) => type === 'Ready');
  if (!now || now.reason === before?.reason || QUIET.has(now.reason)) return;
  events.record(instance, { type: NORMAL.has(now.reason) ? 'Normal' : 'Warning', reason: now.reason, message: now.message });
}

const LONGEST_SECONDS = 1800;

/** Each environment once, under its own labels. What took half an hour waited for something else than itself. */
function count(metrics: OperatorMetrics, facts: InstanceFacts, { name, initialReadyTime }: EnvironmentStatus): void {
  const { instance, template, workspace } = facts;
  const before = instance.status?.environments?.find((it) => it.name === name);
  const environment = facts.environments.find((it) => it.environment.name === name)?.environment;
  if (initialReadyTime === undefined || before?.initialReadyTime !== undefined || !environment || !template) return;
  const seconds = readySeconds(facts);
  if (seconds > LONGEST_SECONDS) return;
  const { environmentType: type, persistent } = environment;
  metrics.becameReady({ workspace, template: template.metadata.name, environment: name, type, persistent }, seconds);
}
