import { eventRecorder } from '@crownlabs/client';
import { type Source, watched } from '@crownlabs/controller';
import { LabError } from '@crownlabs/std';
import { type Controllers, labController } from '../controller-parts.ts';
import type { ImageListsConfig } from './config.ts';
import { imageListReconciler } from './reconcile.ts';

/** Registries are listed. Without any there is nothing to run. */
export const imageListControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log } = parts;
  const { registries } = config.imageLists;
  if (registries.length === 0) return [];
  checkRegistries(config.imageLists);
  const events = eventRecorder(client, { component: 'imagelist-operator', clock, log });
  const reconcile = imageListReconciler({ lab, config: config.imageLists, clock, events });
  const written = watched(lab.imageLists, {
    keys: ({ metadata }) => registries.filter((it) => it.imageListName === metadata.name).map(({ name }) => ({ name })),
  });
  return [labController(parts, { name: 'image-list', workers: 2, sources: [first(registries), written], reconcile })];
};

/** Every registry once; from then on time brings it back. */
function first(registries: ImageListsConfig['registries']): Source {
  return {
    synced: async () => undefined,
    start(enqueue) {
      for (const { name } of registries) enqueue({ name });
      return () => undefined;
    },
  };
}

function checkRegistries({ registries }: ImageListsConfig): void {
  for (const { name, url, type, project } of registries) {
    if (!URL.canParse(url)) throw new LabError('Invalid', `The address of the registry ${name} is none: ${url}`);
    if (type === 'harbor' && project === '') throw new LabError('Invalid', `The registry ${name} is a Harbor and needs a project.`);
  }
  for (const member of ['name', 'imageListName'] as const) {
    const values = registries.map((it) => it[member]);
    const twice = values.find((value, at) => values.indexOf(value) !== at);
    if (twice !== undefined) throw new LabError('Invalid', `Two registries have the ${member} ${twice}.`);
  }
}
