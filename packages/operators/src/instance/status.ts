import { type EnvironmentStatus, type InstanceStatus, instancePath, isMachine } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { foreignConditions } from '../automation/report.ts';
import { conditionsFrom } from '../conditions.ts';
import { goDuration } from './duration.ts';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import { type FindingsConfig, findings } from './findings.ts';
import { importProgress } from './machine/import-progress.ts';
import { environmentPhase, instancePhase } from './phase.ts';
import { isOpen, type WayInConfig } from './way-in.ts';

/** What an instance is, folded from everything that is seen of it. */
export function observe(facts: InstanceFacts, config: FindingsConfig): InstanceStatus {
  const { instance, now } = facts;
  const before = instance.status;
  const environments = environmentsOf(facts, config);
  const phase = facts.environments.length === 0 && facts.refusal ? 'Failed' : instancePhase(environments.map((it) => it.phase ?? ''));
  const url = rootUrl(facts, config.publicUrl);
  const node = nodeOf(facts);
  return {
    ...before,
    phase,
    ...(url === undefined ? {} : { url }),
    environments,
    nodeName: node?.nodeName ?? '',
    nodeSelector: node?.nodeSelector ?? {},
    conditions: [...conditionsFrom(findings(facts, phase, config), before?.conditions, now), ...foreignConditions(before?.conditions)],
    observedGeneration: instance.metadata.generation ?? 0,
  };
}

/** Without the template nobody can say what there should be: what was known of it stays, and it is tried again. */
function environmentsOf(facts: InstanceFacts, config: WayInConfig): EnvironmentStatus[] {
  if (facts.template) return facts.environments.map((it) => environmentStatus(facts, it, config));
  return (facts.instance.status?.environments ?? []).map((it) => ({ ...it, phase: 'CreationLoopBackoff' }));
}

function environmentStatus(facts: InstanceFacts, it: EnvironmentFacts, config: WayInConfig): EnvironmentStatus {
  const { name } = it.environment;
  const phase = environmentPhase(facts, it);
  const before = facts.instance.status?.environments?.find((known) => known.name === name);
  const { running } = facts.instance.spec;
  const { importing: _, ...kept } = before ?? {};
  const firstReady = before?.initialReadyTime ?? (phase === 'Ready' ? readyAfter(facts) : undefined);
  return {
    ...kept,
    name,
    phase,
    expositionAccepted: running && isOpen(it, config),
    ip: running && it.service !== undefined ? addressOf(it) : '',
    ...(firstReady === undefined ? {} : { initialReadyTime: firstReady }),
    ...importProgress(it.machine, before, facts.now),
  };
}

/** The address of the pod; a machine's guest has one of its own where its pod has none. */
function addressOf({ pod, machine }: EnvironmentFacts): string {
  return pod?.status?.podIP ?? machine?.guest?.status?.interfaces?.[0]?.ipAddress ?? '';
}

/** How long the first start took. Creation is told in whole seconds only, so less than one is one. */
function readyAfter(facts: InstanceFacts): string {
  return goDuration(readySeconds(facts) * 1000);
}

/** The seconds from creation until now. */
export function readySeconds({ instance, now }: InstanceFacts): number {
  const created = Date.parse(instance.metadata.creationTimestamp ?? '');
  return Math.max(1000, now - (Number.isNaN(created) ? now : created)) / 1000;
}

function rootUrl({ instance, environments }: InstanceFacts, publicUrl: string): string | undefined {
  const reachable = environments.some(({ environment }) => !isMachine(environment) || environment.guiEnabled);
  if (!reachable || instance.metadata.uid === undefined) return instance.status?.url;
  return publicUrl + instancePath(instance.metadata.uid);
}

/** KubeVirt puts it on every machine: it chooses nothing. */
const EVERY_MACHINE_NODE = 'kubevirt.io/schedulable';

/** A node that the pod has and no address yet is told a moment later. */
const NODE_ALONE_MS = 2_000;

/** The node is told with the address: a write for the node alone would be one write more at every start, so that waits until it may take long. */
function nodeOf({ instance, template, environments, now }: InstanceFacts) {
  if (!instance.spec.running) return undefined;
  if (!template) return instance.status;
  const spec = environments.find(({ pod }) => pod && untilTold(pod, now) === 0)?.pod?.spec;
  const { [EVERY_MACHINE_NODE]: _, ...nodeSelector } = spec?.nodeSelector ?? {};
  return spec && { nodeName: spec.nodeName ?? '', nodeSelector };
}

/** How long until the node of a pod is told; nothing while it has none. */
function untilTold({ metadata, spec, status }: Kube<Pod>, now: number): number | undefined {
  if (status?.podIP !== undefined) return 0;
  if ((spec?.nodeName ?? '') === '') return undefined;
  return Math.max(0, (Date.parse(metadata.creationTimestamp ?? '') || 0) + NODE_ALONE_MS - now);
}

/** When there is something to tell that nothing else would bring to mind: the node of a pod that waits, for its image for example. */
export function nextTelling({ instance, environments, now }: InstanceFacts): number | undefined {
  if (!instance.spec.running) return undefined;
  const waits = environments.flatMap(({ pod }) => (pod && untilTold(pod, now)) ?? []).filter((ms) => ms > 0);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}
