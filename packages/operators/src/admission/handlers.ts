import type { Instance, InstanceSnapshot, Template, Tenant } from '@crownlabs/api';
import { type Clock, LabError } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import { defaultInstance } from './instance-defaulter.ts';
import { validateInstance } from './instance-validator.ts';
import { type AdmissionRequest, type Decide, type ReviewHandler, reviewHandler } from './review.ts';
import { validateSnapshot } from './snapshot-validator.ts';
import { validateTemplate } from './template-validator.ts';
import { defaultTenant } from './tenant-defaulter.ts';
import { validateTenant } from './tenant-validator.ts';
import type { AdmissionWorld } from './world.ts';

/** The namespace of our own rooms and Services. */
export const SYSTEM_NAMESPACE = 'crownlabs-system';

/** The Services that webhook configurations name, and the paths below which a server of ours answers. */
export const WEBHOOKS = {
  tenantDefaulter: { service: 'crownlabs-tenant-defaulter', path: '/defaulter-v1alpha2-tenant' },
  tenantValidator: { service: 'crownlabs-tenant-validator', path: '/validator-v1alpha2-tenant' },
  instanceDefaulter: { service: 'crownlabs-instance-defaulter', path: '/defaulter-v1alpha2-instance' },
  templateValidator: { service: 'crownlabs-template-validator', path: '/validator-v1alpha2-template' },
  snapshotValidator: { service: 'crownlabs-snapshot-validator', path: '/validator-v1alpha2-instancesnapshot' },
  instanceValidator: { service: 'crownlabs-instance-validator', path: '/validator-v1alpha2-instance' },
} as const;

/** The webhooks of the lab. They may be installed before the operators start; a request that comes earlier waits for them. */
export interface AdmissionHandlers {
  /** By `namespace/name` of the Service: for an API that reaches them in process. */
  readonly byService: ReadonlyMap<string, ReviewHandler>;
  /** By path: for an HTTPS server in a cluster. */
  readonly byPath: ReadonlyMap<string, ReviewHandler>;
  /** Gives them the world to decide from. Called by the operators. */
  open(world: AdmissionWorld): void;
}

const PATIENCE_MS = 8_000;

/** What the handlers are made from. */
export interface AdmissionOptions {
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  /** Who the operators are, where they are no service account of ours: what they change is let through. */
  readonly self?: string | undefined;
}

/** The schemas do not demand a spec, and without one nothing can be decided; what had none before is as good as new. */
function whole<T extends object>(request: AdmissionRequest<T>): AdmissionRequest<T> {
  const { object, oldObject } = request;
  if (!('spec' in object)) throw new LabError('Invalid', 'it needs a spec: without one it means nothing');
  return oldObject === undefined || 'spec' in oldObject ? request : { ...request, oldObject: undefined };
}

/** Makes the handlers of all webhooks. */
export function admissionHandlers({ config, clock, self }: AdmissionOptions): AdmissionHandlers {
  // What we change ourselves was decided already, and outside of a cluster we may be anybody.
  const handler = <T extends object>(decide: Decide<T>) =>
    reviewHandler<T>(async (request, signal) =>
      request.operation === 'UPDATE' && request.user.username === self ? {} : decide(whole(request), signal),
    );
  const opened = Promise.withResolvers<AdmissionWorld>();
  const world = async (): Promise<AdmissionWorld> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new LabError('ServiceUnavailable', 'the operators are not running yet: try again')),
      PATIENCE_MS,
    );
    return Promise.race([opened.promise, late.promise]).finally(() => clearTimeout(timer));
  };
  const handlers: [(typeof WEBHOOKS)[keyof typeof WEBHOOKS], ReviewHandler][] = [
    [WEBHOOKS.tenantDefaulter, handler<Tenant>((request) => defaultTenant(request, config))],
    [WEBHOOKS.tenantValidator, handler<Tenant>(async (request) => validateTenant(request, { world: await world(), config, clock }))],
    [WEBHOOKS.instanceDefaulter, handler<Instance>(async (request) => defaultInstance(request, await world()))],
    [WEBHOOKS.templateValidator, handler<Template>(async (request) => validateTemplate(request, { world: await world(), config }))],
    [WEBHOOKS.snapshotValidator, handler<InstanceSnapshot>(async (request) => validateSnapshot(request, { world: await world(), config }))],
    [WEBHOOKS.instanceValidator, handler<Instance>(async (request) => validateInstance(request, { world: await world(), config }))],
  ];
  return {
    byService: new Map(handlers.map(([{ service }, handler]) => [`${SYSTEM_NAMESPACE}/${service}`, handler])),
    byPath: new Map(handlers.map(([{ path }, handler]) => [path, handler])),
    open: (it) => opened.resolve(it),
  };
}
