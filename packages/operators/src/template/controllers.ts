import { keyOf } from '@crownlabs/client';
import { specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { templateReconciler } from './reconcile.ts';

/** Templates say what is the matter with them. */
export const templateControllers: Controllers = (parts) => {
  const { lab } = parts;
  const sources = [
    watched(lab.templates, { when: specChanged }),
    watched(lab.workspaces, { when: specChanged, keys: () => lab.templates.list().map(keyOf) }),
    watched(lab.builds, { keys: ({ spec }) => usingImage(lab, spec.image) }),
  ];
  return [labController(parts, { name: 'template', workers: 4, sources, reconcile: templateReconciler(parts) })];
};

function usingImage(lab: Lab, image: string) {
  return lab.templates
    .list()
    .filter(({ spec }) => spec.environmentList.some((it) => it.image === image))
    .map(keyOf);
}
