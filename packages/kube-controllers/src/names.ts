import { LabError } from '@crownlabs/std';

/**
 * The controllers by the names that kube-controller-manager gives them, and the shorter ones that it gave them before. Two are ours:
 * the scheduler is a program of its own in Kubernetes, and the API itself forgets old Events there.
 */
const NAMES = {
  'clusterrole-aggregation-controller': 'clusterrole-aggregation',
  'serviceaccount-controller': 'serviceaccount',
  'root-ca-certificate-publisher-controller': 'root-ca-cert-publisher',
  'serviceaccount-token-controller': 'serviceaccount-token',
  'deployment-controller': 'deployment',
  'replicaset-controller': 'replicaset',
  'job-controller': 'job',
  'ttl-after-finished-controller': 'ttl-after-finished',
  'disruption-controller': 'disruption',
  scheduler: 'scheduler',
  'persistentvolume-binder-controller': 'persistentvolume-binder',
  'persistentvolumeclaim-protection-controller': 'pvc-protection',
  'persistentvolume-protection-controller': 'pv-protection',
  'endpoints-controller': 'endpoint',
  'endpointslice-controller': 'endpointslice',
  'garbage-collector-controller': 'garbagecollector',
  'namespace-controller': 'namespace',
  'resourcequota-controller': 'resourcequota',
  'event-expiry': 'event-expiry',
} as const;

/** The name of a controller of this package. */
export type KubeControllerName = keyof typeof NAMES;

/** All controllers. */
export const KUBE_CONTROLLERS = Object.keys(NAMES).filter(isName);

function isName(name: string): name is KubeControllerName {
  return Object.hasOwn(NAMES, name);
}

/** Every way to write a controller's name: as it is, without `-controller`, and as it was. */
const SPELLINGS: ReadonlyMap<string, KubeControllerName> = new Map(
  KUBE_CONTROLLERS.flatMap((name) => [name, name.replace(/-controller$/, ''), NAMES[name]].map((spelling) => [spelling, name] as const)),
);

/**
 * Reads a list of controllers as kube-controller-manager does: `name` runs one, `-name` leaves one out, `*` stands for all that are not
 * named. The first entry that names a controller decides; what nobody names does not run. An empty list is `*`.
 */
export function chosenControllers(entries: readonly string[]): readonly KubeControllerName[] {
  const wanted = (entries.length === 0 ? ['*'] : entries).map(readEntry);
  return KUBE_CONTROLLERS.filter((name) => (wanted.find((one) => one.name === name) ?? wanted.find((one) => one.name === '*'))?.runs);
}

function readEntry(entry: string): { name: KubeControllerName | '*'; runs: boolean } {
  const runs = !entry.startsWith('-');
  const spelling = runs ? entry : entry.slice(1);
  const name = spelling === '*' ? '*' : SPELLINGS.get(spelling);
  if (name === undefined) throw new LabError('Invalid', `There is no controller ${spelling}. There are ${KUBE_CONTROLLERS.join(', ')}.`);
  return { name, runs };
}
