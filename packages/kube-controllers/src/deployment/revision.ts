import { createHash } from 'node:crypto';
import type { deployments } from '@crownlabs/client';
import { sameJson } from '@crownlabs/std';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KindOf } from '../cluster.ts';
import type { ReplicaSet } from '../replica-set/status.ts';

/** A Deployment as the client reads it. */
export type Deployment = KindOf<typeof deployments>;

/** The label by which the pods of one revision are told from those of another. */
export const HASH_LABEL = 'pod-template-hash';
/** Counts the revisions of a Deployment; the same on the ReplicaSet of each. */
export const REVISION = 'deployment.kubernetes.io/revision';

// As in all names that Kubernetes makes up: no vowels, so that no words come out.
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

// A new set is thought of twice, and its size found in between.
const hashes = new WeakMap<PodTemplateSpec, { readonly collisions: number; readonly hash: string }>();

/** A short, stable text for a template, which must not change; `collisions` gives another one. */
export function templateHash(template: PodTemplateSpec, collisions: number): string {
  const known = hashes.get(template);
  if (known?.collisions === collisions) return known.hash;
  const hash = hashOf(template, collisions);
  hashes.set(template, { collisions, hash });
  return hash;
}

function hashOf(template: PodTemplateSpec, collisions: number): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([sorted(withoutHash(template)), collisions]))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

/** The ReplicaSet that has the Deployment's present template; the oldest if there are several. */
export function currentSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec?.template ?? {});
  const created = (set: ReplicaSet) => set.metadata.creationTimestamp ?? '';
  return sets
    .filter((set) => sameJson(withoutHash(set.spec?.template ?? {}), wanted))
    .toSorted((a, b) => created(a).localeCompare(created(b)))[0];
}

/** The number of a set's revision. */
export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0) || 0;
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {};
  const { creationTimestamp: _created, ...metadata } = template.metadata ?? {};
  return { ...template, metadata: { ...metadata, labels } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
