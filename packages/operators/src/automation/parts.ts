import { type Instance, LABEL, type Template, type Tenant } from '@crownlabs/api';
import type { EventRecorder, Informer, Kube } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import type { Namespace } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import type { AutomationConfig } from './config.ts';
import type { Post } from './notice.ts';

/** What every controller of the automation works with. */
export interface AutomationParts {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly rules: AutomationConfig;
  /** Absent: nobody can be told, so nobody is waited for. */
  readonly post: Post | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** Namespaces that are exempt from being cleaned up. */
  readonly exempt: { readonly inactivity: Informer<Kube<Namespace>>; readonly expiration: Informer<Kube<Namespace>> };
}

/** An Instance with what decides about it. */
export interface Subject {
  readonly instance: Instance;
  readonly template: Template;
  readonly tenant: Tenant | undefined;
}

/** The Instance and its template; `undefined` when it is gone, going, not ours, or its template is not known. */
export function subjectOf({ lab, config }: Pick<AutomationParts, 'lab' | 'config'>, name: string, namespace: string): Subject | undefined {
  const instance = lab.instances.get(name, namespace);
  if (!instance || instance.metadata.deletionTimestamp !== undefined) return undefined;
  const { operatorSelector } = config;
  if (operatorSelector !== '' && lab.namespaces.get(namespace)?.metadata.labels?.[LABEL.operatorSelector] !== operatorSelector)
    return undefined;
  const reference = instance.spec['template.crownlabs.polito.it/TemplateRef'];
  const template = lab.templates.get(reference.name, reference.namespace ?? namespace);
  if (!template) return undefined;
  return { instance, template, tenant: lab.tenants.get(instance.spec['tenant.crownlabs.polito.it/TenantRef'].name) };
}
