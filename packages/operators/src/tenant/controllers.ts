import { LABEL } from '@crownlabs/api';
import { keyOf } from '@crownlabs/client';
import { type Source, specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import { type Lab, owned } from '../lab.ts';
import { tenantReconciler } from './reconcile.ts';

/** Tenants get an account, rights over themselves, and a personal namespace. */
export const tenantControllers: Controllers = (parts) => [
  labController(parts, { name: 'tenant', workers: 8, sources: tenantSources(parts.lab), reconcile: tenantReconciler(parts) }),
];

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
];

function tenantSources(lab: Lab): Source[] {
  return [
    watched(lab.tenants, { when: specChanged }),
    watched(lab.workspaces, { when: specChanged, keys: ({ metadata }) => lab.tenants.byIndex('workspace', metadata.name).map(keyOf) }),
    ...owned(lab, 'Tenant', CHILDREN),
    // A namespace that waited for its last instance may go when that has gone.
    watched(lab.instances, { when: (now) => now === undefined, keys: ({ metadata }) => ownersOf(lab, metadata.namespace ?? '') }),
  ];
}

function ownersOf(lab: Lab, namespace: string) {
  const name = lab.namespaces.get(namespace)?.metadata.labels?.[LABEL.name];
  return name === undefined ? [] : [{ name }];
}
