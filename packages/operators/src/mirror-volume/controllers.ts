import { LABEL, tenantNamespace } from '@crownlabs/api';
import { eventRecorder, type Kube, keyOf, type ObjectKey } from '@crownlabs/client';
import { type Source, specChanged, watched } from '@crownlabs/controller';
import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { MIRROR_MANAGER } from './desired.ts';
import { mirrorReconciler } from './reconcile.ts';
import { isMirror } from './status.ts';

/** Volumes are seen from other namespaces. */
export const mirrorControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log } = parts;
  const events = eventRecorder(client, { component: 'pmp.crownlabs.polito.it', clock, log });
  return [
    labController(parts, {
      name: 'mirror-volume',
      workers: 8,
      sources: sources(lab),
      reconcile: mirrorReconciler({ lab, config, events }),
    }),
  ];
};

type Claim = Kube<PersistentVolumeClaim>;

function sources(lab: Lab): Source[] {
  return [
    watched(lab.claims, { when: (now, before) => [now, before].some((it) => it && isMirror(it)) }),
    watched(lab.claims, { keys: (claim) => mirrorsOf(lab, claim) }),
    watched(lab.volumes, { keys: (volume) => claimsOf(lab, volume) }),
    watched(lab.namespaces, { when: specChanged, keys: ({ metadata }) => mirrorsIn(lab, metadata.name) }),
    watched(lab.tenants, { when: specChanged, keys: ({ metadata }) => mirrorsIn(lab, tenantNamespace(metadata.name)) }),
    watched(lab.templates, { when: specChanged, keys: ({ metadata }) => waiting(lab, `${metadata.namespace}/${metadata.name}`) }),
  ];
}

function mirrorsOf(lab: Lab, { metadata }: Claim): ObjectKey[] {
  return lab.claims.byIndex('mirrorOf', `${metadata.namespace}/${metadata.name}`).map(keyOf);
}

function claimsOf(lab: Lab, { metadata, spec }: Kube<PersistentVolume>): ObjectKey[] {
  const { name, namespace } = spec?.claimRef ?? {};
  if (name === undefined || namespace === undefined) return [];
  if (metadata.labels?.[LABEL.managedBy] === MIRROR_MANAGER) return [{ name, namespace }];
  return lab.claims.byIndex('mirrorOf', `${namespace}/${name}`).map(keyOf);
}

function mirrorsIn(lab: Lab, namespace: string): ObjectKey[] {
  return lab.claims
    .list()
    .filter((claim) => claim.metadata.namespace === namespace && isMirror(claim))
    .map(keyOf);
}

/** Mirrors of a template's instances that got nothing yet: it may mount the volume by now. */
function waiting(lab: Lab, template: string): ObjectKey[] {
  return lab.instances
    .byIndex('template', template)
    .flatMap(({ metadata: { uid } }) => lab.claims.list().filter((claim) => claim.metadata.ownerReferences?.some((it) => it.uid === uid)))
    .filter((claim) => isMirror(claim) && claim.status?.phase !== 'Bound')
    .map(keyOf);
}
