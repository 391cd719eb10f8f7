import { templates, workspaceNamespace } from '@crownlabs/api';
import type { Reconcile } from '@crownlabs/controller';
import type { Clock } from '@crownlabs/std';
import { sameStatus } from '../conditions.ts';
import type { Lab } from '../lab.ts';
import { observeTemplate } from './status.ts';

/** Tells of every Template whether it can be started. */
export function templateReconciler({ lab, clock }: { lab: Lab; clock: Clock }): Reconcile {
  return async ({ name, namespace = '' }) => {
    const template = lab.templates.get(name, namespace);
    if (!template || template.metadata.deletionTimestamp !== undefined) return undefined;
    const images = new Set(template.spec.environmentList.map(({ image }) => image));
    const status = observeTemplate({
      template,
      workspace: namespace.startsWith('tenant-')
        ? 'unneeded'
        : lab.workspaces.list().find(({ metadata }) => workspaceNamespace(metadata.name) === namespace),
      builds: lab.builds.list().filter(({ spec }) => images.has(spec.image)),
      now: clock.now(),
    });
    if (!sameStatus(status, template.status)) await lab.client.patch(templates, name, namespace, { status }, { subresource: 'status' });
    return undefined;
  };
}
