import { type EnvironmentStatus, type InstanceStatus, instancePath, isMachine } from '@crownlabs/api';
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
  const environments = facts.environments.map((it) => environmentStatus(facts, it, config));
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

/** The node is told with the address: a write for the node alone would be one write more at every start. */
function nodeOf({ instance, environments }: InstanceFacts) {
  if (!instance.spec.running) return undefined;
  const spec = environments.find(({ pod }) => pod?.status?.podIP !== undefined)?.pod?.spec;
  const { [EVERY_MACHINE_NODE]: _, ...nodeSelector } = spec?.nodeSelector ?? {};
  return spec && { nodeName: spec.nodeName ?? '', nodeSelector };
}
