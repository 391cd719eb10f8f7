import { LabError } from '@crownlabs/std';
import { type Pod, specOf } from './pod.ts';

/** What of a pod may be asked for that is not in its object yet. */
export interface FieldContext {
  readonly podIp: string;
  readonly hostIp: string;
}

/** The value of a `fieldRef`. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-fieldRef */
export function podField(pod: Pod, path: string, context: FieldContext): string {
  const { metadata } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return (keyed[1] === 'labels' ? metadata.labels : metadata.annotations)?.[keyed[2] ?? ''] ?? '';
  const values: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace ?? '',
    'metadata.uid': metadata.uid ?? '',
    'metadata.labels': lines(metadata.labels),
    'metadata.annotations': lines(metadata.annotations),
    'spec.nodeName': specOf(pod).nodeName ?? '',
    'spec.serviceAccountName': specOf(pod).serviceAccountName ?? 'default',
    'status.podIP': context.podIp,
    'status.podIPs': context.podIp,
    'status.hostIP': context.hostIp,
    'status.hostIPs': context.hostIp,
  };
  const value = values[path];
  if (value === undefined) throw new LabError('Invalid', `There is no field ${path} to refer to.`);
  return value;
}

function lines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
    .join('\n');
}
