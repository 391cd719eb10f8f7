import { LABEL, MYDRIVE_NAMESPACE, tenantNamespace } from '@crownlabs/api';
import { eventRecorder, type Kube, type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';
import { manualSource, type Source, specChanged, watched } from '@crownlabs/controller';
import type { PersistentVolume } from 'kubernetes-types/core/v1.js';
import { type Controllers, labController } from '../controller-parts.ts';
import { labelValue } from '../instance/labels.ts';
import { type Lab, owned } from '../lab.ts';
import { PERSONAL_QUOTA } from './desired.ts';
import { tenantReconciler } from './reconcile.ts';

/** Tenants get an account, rights over themselves, and a personal namespace. */
export const tenantControllers: Controllers = (parts) => {
  const { client, clock, log, lab, directory, signal } = parts;
  const accounts = manualSource();
  directory.watch?.((name) => accounts.enqueue({ name }), signal);
  const events = eventRecorder(client, { component: 'tenant-operator', clock, log });
  const reconcile = tenantReconciler({ ...parts, events });
  return [labController(parts, { name: 'tenant', workers: 8, sources: [...tenantSources(lab), accounts], reconcile })];
};

const CHILDREN = [
  'namespaces',
  'resourcequotas',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'networkpolicies',
  'limitranges',
  'persistentvolumeclaims',
  'persistentvolumes',
  'jobs',
];

function tenantSources(lab: Lab): Source[] {
  return [
    watched(lab.tenants, { when: specChanged }),
    // Whoever goes leaves the names of his objects to who waits for them.
    watched(lab.tenants, { when: (now) => now === undefined, keys: ({ metadata: { name } }) => twins(lab, name) }),
    watched(lab.workspaces, { when: specChanged, keys: ({ metadata }) => lab.tenants.byIndex('workspace', metadata.name).map(keyOf) }),
    ...owned(lab, 'Tenant', CHILDREN),
    // The personal volume has no owner, because it stays when its tenant goes.
    watched(lab.claims, { keys: (claim) => driveOwners(lab, claim) }),
    // That the claim is bound may be heard before what it is bound to.
    watched(lab.volumes, { keys: (volume) => driveOwnersOf(lab, volume) }),
    watched(lab.templates, { when: (now) => now === undefined, keys: ({ metadata }) => ownersOf(lab, metadata.namespace ?? '') }),
    // A namespace that waited for its last instance may go when that has gone; and where disks are limited, a new one may fill it.
    watched(lab.instances, {
      when: (now, before) => now === undefined || (before === undefined && hasLimitedDisks(lab, now)),
      keys: ({ metadata }) => ownersOf(lab, metadata.namespace ?? ''),
    }),
  ];
}

function twins(lab: Lab, name: string): ObjectKey[] {
  return lab.tenants.byIndex('namespace', tenantNamespace(name)).map(keyOf);
}

function driveOwners(lab: Lab, { metadata: { namespace, labels, ownerReferences } }: KubeObject): ObjectKey[] {
  const label = labels?.[LABEL.tenant];
  if (namespace !== MYDRIVE_NAMESPACE || label === undefined || ownerReferences) return [];
  if (lab.tenants.get(label)) return [{ name: label }];
  // A long name is cut in a label.
  return lab.tenants.list().flatMap(({ metadata: { name } }) => (labelValue(name) === label ? [{ name }] : []));
}

function driveOwnersOf(lab: Lab, { spec }: Kube<PersistentVolume>): ObjectKey[] {
  const claim = spec?.claimRef?.namespace === MYDRIVE_NAMESPACE ? lab.claims.get(spec.claimRef.name ?? '', MYDRIVE_NAMESPACE) : undefined;
  return claim ? driveOwners(lab, claim) : [];
}

function hasLimitedDisks(lab: Lab, { metadata }: KubeObject): boolean {
  return lab.quotas.get(PERSONAL_QUOTA, metadata.namespace)?.spec?.hard?.['requests.storage'] !== undefined;
}

function ownersOf(lab: Lab, namespace: string) {
  const name = lab.namespaces.get(namespace)?.metadata.labels?.[LABEL.name];
  return name === undefined ? [] : [{ name }];
}
