import { type Instance, LABEL } from '@crownlabs/api';
import {
  deployments,
  httpRoutes,
  ingresses,
  type KubeObject,
  keyText,
  networkAttachments,
  networkPolicies,
  type ObjectKey,
  type Resource,
  roleBindings,
  roles,
  services,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import { type Reconcile, watched } from '@crownlabs/controller';
import { type ControllerParts, type Controllers, labController } from '../controller-parts.ts';
import { isOurNamespace, type Lab } from '../lab.ts';

/** What of an instance runs, lets in, or gives rights. Disks are not here: whoever orphans those may want to keep them. */
const LIVELY: readonly Resource[] = [
  deployments,
  virtualMachines,
  virtualMachineInstances,
  services,
  ingresses,
  httpRoutes,
  networkPolicies,
  networkAttachments,
  roles,
  roleBindings,
];

/**
 * Removes what outlived its instance. Whoever deletes an instance may ask that its parts stay (`--cascade=orphan`): they would run on, counted in
 * no quota and found by nobody who stops what is unused.
 */
export const orphanControllers: Controllers = (parts) => {
  const { lab } = parts;
  const waiting = new Map<string, ObjectKey>();
  const children = LIVELY.flatMap(({ plural }) => {
    const informer = lab.children.get(plural);
    const keys = ({ metadata: { namespace = '', name } }: KubeObject): ObjectKey[] => [{ namespace, name: `${plural}/${name}` }];
    return informer ? [watched(informer, { when: (now) => now !== undefined && isOrphan(now), keys })] : [];
  });
  const instances = watched(lab.instances, {
    when: (now) => now === undefined,
    keys: ({ metadata: { namespace } }) => [...waiting.values()].filter((it) => it.namespace === namespace),
  });
  const reconcile = orphanReconciler(parts, waiting);
  return [labController(parts, { name: 'orphan', workers: 1, sources: [...children, instances], reconcile })];
};

/** `waiting` has those whose instance is still there: it takes them back, or goes. */
function orphanReconciler({ lab, config }: ControllerParts, waiting: Map<string, ObjectKey>): Reconcile {
  return async (key) => {
    const { namespace = '' } = key;
    const [plural = '', name = ''] = key.name.split('/');
    const found = lab.children.get(plural)?.get(name, namespace);
    const resource = LIVELY.find((it) => it.plural === plural);
    waiting.delete(keyText(key));
    if (!found || !resource || !isOrphan(found) || !isOurNamespace(lab, namespace, config)) return undefined;
    const of = lab.instances.byIndex('label', `${namespace}/${found.metadata.labels?.[LABEL.instance]}`);
    if (of.length > 0) waiting.set(keyText(key), key);
    else await lab.converger.remove(resource, name, namespace);
    return undefined;
  };
}

function isOrphan({ metadata: { labels, ownerReferences = [] } }: KubeObject): boolean {
  return ownerReferences.length === 0 && labels?.[LABEL.managedBy] === 'instance' && labels[LABEL.instance] !== undefined;
}

/** An instance that is to go and is held by somebody's finalizer would keep all that it runs: the garbage collector waits for its end. */
export async function endWhatRuns(lab: Lab, { metadata: { uid, namespace, finalizers = [] } }: Instance): Promise<void> {
  if (finalizers.every((it) => it === 'foregroundDeletion')) return;
  const ofIt = ({ metadata: { ownerReferences = [] } }: KubeObject) => ownerReferences.some((it) => it.uid === uid);
  const going = LIVELY.flatMap((resource) =>
    (lab.children.get(resource.plural)?.list() ?? []).filter(ofIt).map(({ metadata: { name } }) => ({ resource, name })),
  );
  await Promise.all(going.map(({ resource, name }) => lab.converger.remove(resource, name, namespace)));
}
