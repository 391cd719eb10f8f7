import type { KubeObject } from '@crownlabs/client';

/** Whether `one` has the better right to names that both want: it is the `holder` already, or nobody is and it came before. */
export function goesBefore(one: KubeObject, other: KubeObject, holder: string | undefined): boolean {
  if (one.metadata.uid === holder) return true;
  return other.metadata.uid !== holder && isElder(one, other);
}

/** Of two that were made within one second, the name decides. */
function isElder({ metadata: one }: KubeObject, { metadata: other }: KubeObject): boolean {
  const [a, b] = [one.creationTimestamp ?? '', other.creationTimestamp ?? ''];
  return a === b ? one.name < other.name : a < b;
}
