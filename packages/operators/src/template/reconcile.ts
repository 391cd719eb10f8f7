import { type Template, templates, workspaceNamespace } from '@crownlabs/api';
import type { EventRecorder } from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import { type Clock, sameJson } from '@crownlabs/std';
import { announceConditions } from '../announce.ts';
import type { OperatorsConfig } from '../config.ts';
import { isOurNamespace, type Lab } from '../lab.ts';
import { keepPrepared } from './prepared-machines.ts';
import { wishesInstantStart } from './prepared-status.ts';
import { observeTemplate } from './status.ts';
import { templateFaults } from './validation.ts';

/** What the template controller works with. */
export interface TemplateTools {
  readonly lab: Lab;
  readonly clock: Clock;
  readonly config: Pick<OperatorsConfig, 'operatorSelector' | 'machines' | 'drive'>;
  readonly events: EventRecorder;
}

/** A whole class that starts at once changes the count hundreds of times: it is counted a few times a second. */
const COUNT_EVERY_MS = 90;

/** Tells of every Template whether it can be started, what is wrong with it, and how much it is used. */
export function templateReconciler({ lab, clock, config, events }: TemplateTools): Reconcile {
  const looked = new Map<string, number>();
  return async ({ name, namespace = '' }) => {
    const key = `${namespace}/${name}`;
    const template = lab.templates.get(name, namespace);
    if (!template || template.metadata.deletionTimestamp !== undefined) {
      looked.delete(key);
      return undefined;
    }
    if (!isOurNamespace(lab, namespace, config)) return undefined;
    const now = clock.now();
    const since = now - (looked.get(key) ?? 0);
    if (since >= 0 && since < COUNT_EVERY_MS) return { afterMs: COUNT_EVERY_MS - since };
    looked.set(key, now);
    const seen = look(lab, template, namespace);
    const isWished = wishesInstantStart(template);
    const machines = seen.faults.length === 0 || !isWished ? await keepPrepared(lab, template, config) : [];
    const status = observeTemplate({ ...seen, prepared: { isWished, machines }, now });
    if (sameJson(status, template.status)) return undefined;
    announceConditions(events, template, status.conditions ?? []);
    await lab.client.patch(templates, name, namespace, { status }, { subresource: 'status' });
    return undefined;
  };
}

function look(lab: Lab, template: Template, namespace: string) {
  const workspace = lab.workspaces.list().find(({ metadata }) => workspaceNamespace(metadata.name) === namespace);
  const images = new Set(template.spec.environmentList.map(({ image }) => image));
  const sharedVolume = (name: string, of: string) => lab.sharedVolumes.get(name, of);
  return {
    template,
    workspace: namespace.startsWith('tenant-') ? ('unneeded' as const) : workspace,
    builds: lab.builds.list().filter(({ spec }) => images.has(spec.image)),
    instances: lab.instances.byIndex('template', `${namespace}/${template.metadata.name}`),
    faults: templateFaults(template, { workspace, sharedVolume }),
  };
}
