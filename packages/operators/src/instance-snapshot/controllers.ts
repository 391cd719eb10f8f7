import { eventRecorder, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { snapshotReconciler } from './reconcile.ts';
import { instanceOf } from './source.ts';

/** Disks of instances become images. */
export const snapshotControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log } = parts;
  const events = eventRecorder(client, { component: 'instance-operator', clock, log });
  const reconcile = snapshotReconciler({ lab, config, clock, events });
  return [labController(parts, { name: 'instance-snapshot', workers: 4, sources: sources(lab), reconcile })];
};

const OWNER = { kind: 'InstanceSnapshot', namespaced: true };

function sources(lab: Lab): Source[] {
  const open = () => lab.snapshots.list().filter(({ status }) => status?.phase !== 'Completed' && status?.phase !== 'Failed');
  return [
    watched(lab.snapshots, { when: specChanged }),
    ownedByKind(lab.optional.disks, OWNER),
    ownedByKind(lab.jobs, OWNER),
    // Who waits for a stop is told of it; who is deleted waits for templates.
    watched(lab.optional.guests, { when: (now) => !now, keys: ({ metadata }) => inNamespace(lab, open(), metadata.namespace) }),
    watched(lab.templates, {
      when: specChanged,
      keys: () =>
        lab.snapshots
          .list()
          .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
          .map(keyOf),
    }),
  ];
}

function inNamespace(lab: Lab, snapshots: ReturnType<Lab['snapshots']['list']>, namespace: string | undefined): ObjectKey[] {
  return snapshots.filter((it) => instanceOf(lab, it)?.metadata.namespace === namespace).map(keyOf);
}
