import { sharedVolumeClaimName, type Template } from '@crownlabs/api';
import { eventRecorder, type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { originOf } from '../mirror-volume/desired.ts';
import { volumeNamespaceOf } from './access.ts';
import { sharedVolumeReconciler } from './reconcile.ts';

/** SharedVolumes get their bytes. */
export const sharedVolumeControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log } = parts;
  const events = eventRecorder(client, { component: 'sharedvolume-operator', clock, log });
  const reconcile = sharedVolumeReconciler({ lab, config, clock, events });
  return [labController(parts, { name: 'shared-volume', workers: 4, sources: sources(lab), reconcile })];
};

const OWNER = { kind: 'SharedVolume', namespaced: true };

function sources(lab: Lab): Source[] {
  return [
    watched(lab.sharedVolumes, { when: specChanged }),
    ownedByKind(lab.claims, OWNER),
    ownedByKind(lab.jobs, OWNER),
    // Who mounts it decides whether it may go.
    watched(lab.templates, { when: specChanged, keys: mountedBy }),
    watched(lab.claims, { when: (now, before) => !now || !before, keys: (claim) => mirroredBy(lab, claim) }),
    watched(lab.namespaces, { when: specChanged, keys: ({ metadata }) => volumesIn(lab, metadata.name) }),
  ];
}

function mountedBy(template: Template): ObjectKey[] {
  return template.spec.environmentList
    .flatMap(({ sharedVolumeMounts = [] }) => sharedVolumeMounts)
    .map((mount) => ({ name: mount.sharedVolume.name, namespace: volumeNamespaceOf(mount, template) }));
}

function mirroredBy(lab: Lab, claim: KubeObject): ObjectKey[] {
  const origin = originOf(claim);
  if (!origin) return [];
  return volumesIn(lab, origin.namespace).filter(({ name }) => sharedVolumeClaimName(name) === origin.name);
}

function volumesIn(lab: Lab, namespace: string): ObjectKey[] {
  return lab.sharedVolumes
    .list()
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map(keyOf);
}
