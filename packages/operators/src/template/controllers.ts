import { ANNOTATION, type Instance, type SharedVolume } from '@crownlabs/api';
import { eventRecorder, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { wishesInstantStart } from './prepared-status.ts';
import { templateReconciler } from './reconcile.ts';

/** Templates say what is the matter with them. */
export const templateControllers: Controllers = (parts) => {
  const { client, lab, clock, config, log } = parts;
  const events = eventRecorder(client, { component: 'template-operator', clock, log });
  const sources = [
    watched(lab.templates, { when: specChanged }),
    watched(lab.workspaces, { when: specChanged, keys: () => lab.templates.list().map(keyOf) }),
    watched(lab.namespaces, {
      when: specChanged,
      keys: ({ metadata }) =>
        lab.templates
          .list()
          .filter((it) => it.metadata.namespace === metadata.name)
          .map(keyOf),
    }),
    watched(lab.instances, { when: useChanged, keys: (it) => [templateOf(it)] }),
    watched(lab.sharedVolumes, { when: (now, before) => !now || !before, keys: (it) => mounting(lab, it) }),
    ...machinesOf(lab),
    watched(lab.builds, { keys: ({ spec }) => usingImage(lab, spec.image) }),
  ];
  return [labController(parts, { name: 'template', workers: 4, sources, reconcile: templateReconciler({ lab, clock, config, events }) })];
};

/** The machines that instances go on from. Their kind may come after the templates that want some. */
function machinesOf({ optional: { machines }, templates }: Lab): Source[] {
  const wishing = () => templates.list().filter(wishesInstantStart).map(keyOf);
  return [
    ownedByKind(machines, { kind: 'Template', namespaced: true }),
    {
      synced: (signal) => machines.synced(signal),
      start: (enqueue) => machines.onInstalled(() => wishing().forEach((key) => enqueue(key))),
    },
  ];
}

function templateOf({ spec, metadata: { namespace = '' } }: Instance): ObjectKey {
  const { name, namespace: of = namespace } = spec['template.crownlabs.polito.it/TemplateRef'];
  return { namespace: of, name };
}

/** Whether an instance came, went, was started or stopped, or got where it was going. */
function useChanged(now: Instance | undefined, before: Instance | undefined): boolean {
  const said = (it: Instance | undefined) =>
    [it?.spec.running, it?.status?.phase, it?.metadata.annotations?.[ANNOTATION.lastActivity]].join();
  return !now || !before || said(now) !== said(before);
}

function mounting(lab: Lab, { metadata }: SharedVolume): ObjectKey[] {
  const mounts = lab.templates
    .list()
    .filter(({ spec }) =>
      spec.environmentList.some(({ sharedVolumeMounts = [] }) => sharedVolumeMounts.some((it) => it.sharedVolume.name === metadata.name)),
    );
  return mounts.map(keyOf);
}

function usingImage(lab: Lab, image: string) {
  return lab.templates
    .list()
    .filter(({ spec }) => spec.environmentList.some((it) => it.image === image))
    .map(keyOf);
}
