import type { EnvironmentStatus, InstancePhase, InstanceStatus } from '@crownlabs/api';
import { instancePath } from '@crownlabs/api';
import { conditionsFrom } from '../conditions.ts';
import type { OperatorsConfig } from '../config.ts';
import { goDuration } from './duration.ts';
import { type EnvironmentFacts, type InstanceFacts, isMachine } from './facts.ts';
import { findings } from './findings.ts';
import { environmentPhase, instancePhase } from './phase.ts';

/** What an instance is, folded from everything that is seen of it. */
export function observe(facts: InstanceFacts, config: Pick<OperatorsConfig, 'publicUrl' | 'keepStoppedMs'>): InstanceStatus {
  const { instance, now } = facts;
  const before = instance.status;
  const environments = facts.environments.map((it) => environmentStatus(facts, it, environmentPhase(facts, it)));
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
    conditions: conditionsFrom(findings(facts, phase, config.keepStoppedMs), before?.conditions, now),
    observedGeneration: instance.metadata.generation ?? 0,
  };
}

function environmentStatus(facts: InstanceFacts, it: EnvironmentFacts, phase: InstancePhase): EnvironmentStatus {
  const { name } = it.environment;
  const before = facts.instance.status?.environments?.find((known) => known.name === name);
  const exposed = isExposed(facts, it);
  const firstReady = before?.initialReadyTime ?? (phase === 'Ready' ? readyAfter(facts) : undefined);
  return {
    ...before,
    name,
    phase,
    expositionAccepted: exposed,
    ip: exposed ? (it.pod?.status?.podIP ?? '') : '',
    ...(firstReady === undefined ? {} : { initialReadyTime: firstReady }),
  };
}

function isExposed({ instance }: InstanceFacts, { service }: EnvironmentFacts): boolean {
  return instance.spec.running && service !== undefined && service.metadata.deletionTimestamp === undefined;
}

/** How long the first start took. Creation is told in whole seconds only, so less than one is one. */
function readyAfter({ instance, now }: InstanceFacts): string {
  const created = Date.parse(instance.metadata.creationTimestamp ?? '');
  return goDuration(Math.max(1000, now - (Number.isNaN(created) ? now : created)));
}

function rootUrl({ instance, environments }: InstanceFacts, publicUrl: string): string | undefined {
  const reachable = environments.some(({ environment }) => !isMachine(environment) || environment.guiEnabled);
  if (!reachable || instance.metadata.uid === undefined) return instance.status?.url;
  return publicUrl + instancePath(instance.metadata.uid);
}

/** The node is told with the address: a write for the node alone would be one write more at every start. */
function nodeOf({ instance, environments }: InstanceFacts) {
  if (!instance.spec.running) return undefined;
  const spec = environments.find(({ pod }) => pod?.status?.podIP !== undefined)?.pod?.spec;
  return spec && { nodeName: spec.nodeName ?? '', nodeSelector: { ...spec.nodeSelector } };
}
