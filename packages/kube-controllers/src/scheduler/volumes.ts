import { persistentVolumeClaims } from '@crownlabs/client';
import type { Cluster, KindOf } from '../cluster.ts';
import { claimsOf } from '../cluster.ts';
import type { Pod } from '../pod-state.ts';
import { matchesNode, type Node } from './fit.ts';

type Claim = KindOf<typeof persistentVolumeClaims>;

/** On which node a claim's volume is to be made. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** What the claims of a pod mean for where it can run. */
export interface VolumeNeeds {
  /** Why it can run nowhere yet. */
  readonly obstacle: string | undefined;
  /** Claims whose volume is made once the node is known. */
  readonly waiting: readonly Claim[];
  fits(node: Node): boolean;
}

/** Looks at the claims of `pod`. */
export function volumeNeeds(cluster: Cluster, pod: Pod): VolumeNeeds {
  const { live } = cluster;
  const claims = claimsOf(pod).map((key) => {
    const name = key.slice(key.indexOf('/') + 1);
    return { name, claim: live.claims.get(name, pod.metadata.namespace) };
  });
  const obstacles = claims.flatMap(({ name, claim }) => obstacle(cluster, name, claim) ?? []);
  const found = claims.flatMap(({ claim }) => claim ?? []);
  const affinities = found
    .filter(isBound)
    .flatMap(({ spec }) => live.volumes.get(spec?.volumeName ?? '')?.spec?.nodeAffinity?.required ?? []);
  return {
    obstacle: obstacles[0],
    waiting: found.filter((claim) => !isBound(claim)),
    fits: (node) => affinities.every(({ nodeSelectorTerms }) => nodeSelectorTerms.some((term) => matchesNode(term, node))),
  };
}

function isBound({ status }: Claim): boolean {
  return status?.phase === 'Bound';
}

function obstacle({ live }: Cluster, name: string, claim: Claim | undefined): string | undefined {
  if (!claim) return `persistentvolumeclaim "${name}" not found`;
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
  if (isBound(claim)) return undefined;
  const { volumeBindingMode } = live.storageClasses.get(claim.spec?.storageClassName ?? '') ?? {};
  return volumeBindingMode === 'WaitForFirstConsumer' ? undefined : 'pod has unbound immediate PersistentVolumeClaims';
}

/** Asks for the volumes of waiting claims on `node`. */
export async function selectNode({ client }: Cluster, waiting: readonly Claim[], node: string): Promise<void> {
  const open = waiting.filter(({ metadata }) => metadata.annotations?.[SELECTED_NODE] !== node);
  const patch = { metadata: { annotations: { [SELECTED_NODE]: node } } };
  await Promise.all(open.map(({ metadata }) => client.patch(persistentVolumeClaims, metadata.name, metadata.namespace, patch)));
}
