import { type Instance, instances } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import { controllerOf, type EventRecorder, keyOf, networkPolicies, type ObjectKey, services } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import type { Clock } from '@crownlabs/std';
import { sameJson } from '@crownlabs/std';
import type { Service } from 'kubernetes-types/core/v1.js';
import { conditionsFrom } from '../conditions.ts';
import type { OperatorsConfig } from '../config.ts';
import { templateOf } from '../instance/template-of.ts';
import { elderTwin } from '../instance/twin.ts';
import type { Lab } from '../lab.ts';
import { isOurs } from '../manifests/labels.ts';
import { allocate, faultOf, type Holding } from './allocate.ts';
import type { PublicExposureConfig } from './config.ts';
import { type ExposureWish, exposurePieces, exposurePolicyName, exposureServiceName, exposureWish, holdingOf } from './desired.ts';
import { type ExposureLedger, entryOf } from './ledger.ts';
import { EXPOSURE_CONDITIONS, type Exposure, exposureFindings, exposureStatus } from './status.ts';

/** What the public exposure controller works with. */
export interface ExposureTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly ledger: ExposureLedger;
  /** All addresses of the pool, in the order in which they are tried. */
  readonly addresses: readonly string[];
}

const FULL_RETRY_MS = 30_000;

/** Opens ports of instances to the Internet, and closes them. Its keys are those of instances. */
export function exposureReconciler(tools: ExposureTools): Reconcile {
  const { lab, config, ledger } = tools;
  return async (key) => {
    const instance = lab.instances.get(key.name, key.namespace);
    if (!instance || instance.metadata.deletionTimestamp !== undefined) {
      await ledger.release(key);
      return undefined;
    }
    if (!isOurs(lab.namespaces.get(key.namespace ?? '') ?? { metadata: {} }, config.operatorSelector)) return undefined;
    const exposure = await settle(tools, instance, key);
    await report(tools, instance, exposure);
    return nextLook(exposure);
  };
}

/** Room may come from elsewhere than the ledger, so it is looked for now and then. */
function nextLook(exposure: Exposure): Requeue {
  return exposure.is === 'refused' && exposure.reason === 'NoAddressFree' ? { afterMs: FULL_RETRY_MS } : undefined;
}

async function settle(tools: ExposureTools, instance: Instance, key: ObjectKey): Promise<Exposure> {
  const { lab, config } = tools;
  const template = templateOf(lab, instance);
  // The Service of that name is its twin's.
  if (template && elderTwin(lab, instance, template)) {
    await tools.ledger.release(key);
    return { is: 'off' };
  }
  const wish = exposureWish(instance, template);
  const refused = wish.wanted ? refusalOf(instance, config.publicExposure, wish) : undefined;
  if (!wish.wanted || refused || !config.publicExposure) {
    await close(tools, instance, key);
    return refused ?? { is: 'off' };
  }
  const holding = await reserve(tools, instance, config.publicExposure);
  if (!holding) {
    await close(tools, instance, key);
    const message = 'No public address has the ports that you ask for. Choose 0 to get a free one, or try again when somebody has stopped.';
    return { is: 'refused', reason: 'NoAddressFree', message, supported: true };
  }
  await lab.converger.ensureAll(exposurePieces(instance, holding, config.publicExposure));
  return { is: 'open', holding, service: lab.services.get(exposureServiceName(instance), key.namespace) };
}

type Refused = Extract<Exposure, { is: 'refused' }>;

function refusalOf(
  { spec }: Instance,
  config: PublicExposureConfig | undefined,
  wish: Extract<ExposureWish, { wanted: true }>,
): Refused | undefined {
  const no = (reason: string, message: string, supported = true): Refused => ({ is: 'refused', reason, message, supported });
  if (wish.reason !== undefined) return no(wish.reason, wish.message);
  if (!config) {
    const message =
      'This installation has no public addresses, so no ports can be opened to the Internet. Ask your administrator for some.';
    return no('PublicExposureNotSupported', message, false);
  }
  const fault = faultOf(spec.publicExposure?.ports ?? [], config);
  return fault === undefined ? undefined : no('InvalidPorts', `The ports cannot be opened: ${fault}.`);
}

function reserve({ lab, ledger, addresses }: ExposureTools, instance: Instance, rules: PublicExposureConfig): Promise<Holding | undefined> {
  const wish = instance.spec.publicExposure?.ports ?? [];
  const open = holdings(lab, rules);
  // What its own Service says stands where the ledger was lost.
  const seen = open.get(entryOf(keyOf(instance)));
  return ledger.reserve(keyOf(instance), open, ({ current, others }) =>
    allocate(wish, { addresses, rules }, { current: current ?? seen, others }),
  );
}

const NOTHING: Holding = { ip: '', ports: [] };

/** All instances that may hold something, with what their Services say of it. */
function holdings(lab: Lab, config: PublicExposureConfig): Map<string, Holding> {
  const found = new Map<string, Holding>();
  for (const instance of lab.instances.list()) {
    if (instance.spec.running && (instance.spec.publicExposure?.ports.length ?? 0) > 0) found.set(entryOf(keyOf(instance)), NOTHING);
  }
  for (const service of lab.services.list()) {
    const owner = ownerOf(service);
    const holding = owner && holdingOf(service, config);
    if (holding && found.has(entryOf(owner))) found.set(entryOf(owner), holding);
  }
  return found;
}

function ownerOf(service: Kube<Service>): ObjectKey | undefined {
  const { namespace } = service.metadata;
  const name = controllerOf(service)?.name;
  return name === undefined || namespace === undefined ? undefined : { namespace, name };
}

/** The door first, then what others may have instead. */
async function close({ lab, ledger }: ExposureTools, instance: Instance, key: ObjectKey): Promise<void> {
  await Promise.all([
    lab.converger.remove(services, exposureServiceName(instance), key.namespace),
    lab.converger.remove(networkPolicies, exposurePolicyName(instance), key.namespace),
  ]);
  await ledger.release(key);
}

async function report({ lab, clock, events }: ExposureTools, instance: Instance, exposure: Exposure): Promise<void> {
  const { conditions: before = [], publicExposure, phase } = instance.status ?? {};
  // Its own controller speaks first: until then there are no conditions to add to.
  if (phase === undefined) return;
  const status = exposureStatus(exposure);
  const old = before.filter(({ type }) => EXPOSURE_CONDITIONS.includes(type));
  const mine = conditionsFrom(exposureFindings(exposure), before, clock.now());
  if (sameJson({ status, mine }, { status: publicExposure, mine: old })) return;
  if (exposure.is === 'refused' && old.every(({ reason }) => reason !== exposure.reason)) {
    events.record(instance, { type: 'Warning', reason: exposure.reason, message: exposure.message });
  }
  const { name, namespace, resourceVersion } = instance.metadata;
  const conditions = [...before.filter(({ type }) => !EXPOSURE_CONDITIONS.includes(type)), ...mine];
  // A list is replaced whole, so it must be the latest; and a null takes away what was said before.
  const patch = { metadata: { resourceVersion }, status: { conditions, publicExposure: withNulls(status, publicExposure) } };
  await lab.client.patch(instances, name, namespace, patch, { subresource: 'status' });
}

function withNulls(now: object | undefined, before: object | undefined): object | null {
  if (!now) return null;
  return { ...Object.fromEntries(Object.keys(before ?? {}).map((member) => [member, null])), ...now };
}
