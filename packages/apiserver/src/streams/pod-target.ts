import { LabError } from '@crownlabs/std';
import { isObject, type JsonObject } from '../json.ts';
import { mapAt, objectsAt, textAt } from '../json-read.ts';
import type { Kubelet } from '../kubelet.ts';
import type { Api, Call } from '../pipeline.ts';
import { notFound } from '../status-error.ts';
import type { Kubelets } from './kubelets.ts';

const PODS = { group: '', plural: 'pods', kind: 'Pod' };
const NODES = { group: '', plural: 'nodes', kind: 'Node' };

/** A pod as kubelets know it. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The pod of a request. */
export function podOf(api: Api, call: Call): JsonObject {
  const { namespace, name } = call.attributes;
  const pod = api.objects.reader().get(PODS, name, namespace);
  if (!pod) throw notFound(PODS, name);
  return pod;
}

export function identityOf(pod: JsonObject): PodIdentity {
  return { namespace: textAt(pod, 'metadata', 'namespace'), name: textAt(pod, 'metadata', 'name'), uid: textAt(pod, 'metadata', 'uid') };
}

/** The kubelet of the pod's node. One that belongs to the cluster and is not connected is waited for. */
export async function kubeletOf(kubelets: Kubelets, pod: JsonObject, api: Api, signal: AbortSignal): Promise<Kubelet> {
  const node = textAt(pod, 'spec', 'nodeName');
  if (node === '') throw new LabError('BadRequest', `pod ${textAt(pod, 'metadata', 'name')} does not have a host assigned`);
  const connected = kubelets.find(node);
  if (connected) return connected;
  const known = api.objects.reader().get(NODES, node) !== undefined;
  const came = known ? await kubelets.expect(node, api.clock, signal) : undefined;
  if (came) return came;
  throw new LabError(
    'ServiceUnavailable',
    known ? `node ${node} is not connected yet: it may be starting; try again in a moment` : `node ${node} is not connected`,
  );
}

/** Refuses a container that does not run, by what the node last said of it. */
export function demandRunning(pod: JsonObject, container: string): void {
  const said = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']
    .flatMap((list) => objectsAt(pod, 'status', list))
    .find((one) => textAt(one, 'name') === container);
  if (said && isObject(said['state']) && isObject(said['state']['running'])) return;
  const name = textAt(pod, 'metadata', 'name');
  const reason = said && (textAt(said, 'state', 'waiting', 'reason') || textAt(said, 'state', 'terminated', 'reason'));
  throw new LabError('BadRequest', `container "${container}" in pod "${name}" is not running${reason ? `: ${reason}` : ''}`);
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The container that a request means: the named one, or the only one there is. */
export function containerOf(pod: JsonObject, asked: string): string {
  const name = textAt(pod, 'metadata', 'name');
  const containers = containerNames(pod, 'containers');
  const others = [...containerNames(pod, 'initContainers'), ...containerNames(pod, 'ephemeralContainers')];
  if (asked !== '') {
    if (containers.includes(asked) || others.includes(asked)) return asked;
    throw new LabError('BadRequest', `container ${asked} is not valid for pod ${name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const preferred = mapAt(pod, 'metadata', 'annotations')[DEFAULT_CONTAINER];
  if (preferred !== undefined && containers.includes(preferred)) return preferred;
  const init = containerNames(pod, 'initContainers');
  const also = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw new LabError('BadRequest', `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${also}`);
}

function containerNames(pod: JsonObject, list: string): string[] {
  return objectsAt(pod, 'spec', list).map((one) => textAt(one, 'name'));
}
