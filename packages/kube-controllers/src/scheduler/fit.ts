import { approximately, compareQuantities, formatQuantity, matchesTerm, type Quantity, subtractQuantities } from '@crownlabs/apiserver';
import type { nodes } from '@crownlabs/client';
import type { NodeSelectorTerm, Taint, Toleration } from 'kubernetes-types/core/v1.js';
import { type Amounts, readAmounts, ZERO } from '../amounts.ts';
import type { KindOf } from '../cluster.ts';
import type { Pod } from '../pod-state.ts';

/** A Node as the client reads it. */
export type Node = KindOf<typeof nodes>;

/** A node, and what the pods on it ask for. */
export interface Candidate {
  readonly node: Node;
  readonly used: Amounts;
  readonly pods: number;
}

/** Why a pod does not fit on a node: in few words, and with the figures where there are some. */
export interface Misfit {
  readonly reason: string;
  readonly figures?: string;
}

/** Everything that keeps `pod`, which asks for `requests`, from running on the candidate; empty when it may. */
export function misfits(pod: Pod, requests: Amounts, candidate: Candidate): Misfit[] {
  const { node } = candidate;
  if (node.spec?.unschedulable && !tolerates(pod, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })) {
    return [{ reason: 'node(s) were unschedulable' }];
  }
  const taint = node.spec?.taints?.find((one) => one.effect !== 'PreferNoSchedule' && !tolerates(pod, one));
  if (taint) return [{ reason: `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}` }];
  if (!isReady(node)) return [{ reason: 'node(s) were not ready' }];
  if (!selectsNode(pod, node)) return [{ reason: "node(s) didn't match Pod's node affinity/selector" }];
  return shortages(requests, candidate);
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function tolerates({ spec }: Pod, taint: Pick<Taint, 'key' | 'effect' | 'value'>): boolean {
  return (spec?.tolerations ?? []).some((toleration) => covers(toleration, taint));
}

function covers({ key, operator, effect, value }: Toleration, taint: Pick<Taint, 'key' | 'effect' | 'value'>): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  return operator === 'Exists' || ((value ?? '') === (taint.value ?? '') && Boolean(key));
}

function selectsNode({ spec }: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return !terms || terms.some((term) => matchesNode(term, node));
}

/** Whether a node selector term (of an affinity, or of a volume) matches the node. An empty term matches nothing. */
export function matchesNode({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const byLabels = matchExpressions.every(({ key, operator, values = [] }) => matchesTerm(labels[key], operator, values));
  return byLabels && matchFields.every(({ operator, values = [] }) => matchesTerm(node.metadata.name, operator, values));
}

function shortages(requests: Amounts, { node, used, pods }: Candidate): Misfit[] {
  const allocatable = readAmounts(node.status?.allocatable);
  const limit = allocatable.get('pods');
  if (limit && pods + 1 > approximately(limit)) return [{ reason: 'Too many pods' }];
  const short: Misfit[] = [];
  for (const [name, asked] of requests) {
    const whole = allocatable.get(name) ?? ZERO;
    const left = subtractQuantities(whole, used.get(name) ?? ZERO);
    const free = left.units > 0n ? left : ZERO;
    const text = name === 'memory' || name === 'ephemeral-storage' ? bytesText : formatQuantity;
    const figures = `needs ${text(asked)}, ${text(free)} of ${text(whole)} free`;
    if (asked.units > 0n && compareQuantities(asked, left) > 0) short.push({ reason: `Insufficient ${name}`, figures });
  }
  return short;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as people read them: `512 MB`, `7.5 GB`. */
function bytesText(bytes: Quantity): string {
  const value = approximately(bytes);
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), BYTES.length - 1);
  const rounded = (value / 1000 ** step).toFixed(step < 3 ? 0 : 1).replace(/\.0$/, '');
  return `${rounded} ${BYTES[step]}`;
}

/** How well the pod would sit there: the share that stays free, over the scarcer of CPU and memory. Larger is better. */
export function score(requests: Amounts, { node, used }: Candidate): number {
  const allocatable = readAmounts(node.status?.allocatable);
  const freeShare = (name: string) => {
    const whole = approximately(allocatable.get(name) ?? ZERO);
    const taken = approximately(used.get(name) ?? ZERO) + approximately(requests.get(name) ?? ZERO);
    return whole > 0 ? 1 - taken / whole : 0;
  };
  return Math.min(freeShare('cpu'), freeShare('memory'));
}

/** `0/3 nodes are available: 2 Insufficient memory (needs …), 1 node(s) were unschedulable.` */
export function explain(all: readonly (readonly Misfit[])[]): string {
  if (all.length === 0) return '0/0 nodes are available: no node is registered.';
  const counts = new Map<string, { count: number; figures: string | undefined }>();
  for (const { reason, figures: text } of all.flat()) {
    const known = counts.get(reason);
    counts.set(reason, { count: (known?.count ?? 0) + 1, figures: known?.figures ?? text });
  }
  const parts = [...counts].map(([reason, { count, figures: text }]) => `${count} ${reason}${text ? ` (${text})` : ''}`);
  return `0/${all.length} nodes are available: ${parts.toSorted().join(', ')}.`;
}
