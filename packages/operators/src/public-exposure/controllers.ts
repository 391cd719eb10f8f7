import { type Instance, LABEL } from '@crownlabs/api';
import { eventRecorder, type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { EXPOSURE_COMPONENT } from './desired.ts';
import { EXPOSURE_MANAGER, ExposureLedger, entryOf } from './ledger.ts';
import { poolAddresses } from './pool.ts';
import { exposureReconciler } from './reconcile.ts';
import { EXPOSURE_CONDITIONS } from './status.ts';

/** Ports of instances are opened to the Internet. */
export const exposureControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log } = parts;
  const events = eventRecorder(client, { component: 'instance-operator', clock, log });
  const ledger = new ExposureLedger(client, lab.ledgers);
  const addresses = poolAddresses(config.publicExposure?.addresses ?? []);
  const reconcile = exposureReconciler({ lab, config, clock, events, ledger, addresses });
  return [labController(parts, { name: 'public-exposure', workers: 8, sources: sources(lab), reconcile })];
};

const OWNER = { kind: 'Instance', namespaced: true };

function sources(lab: Lab): Source[] {
  const policies = lab.children.get('networkpolicies');
  return [
    watched(lab.instances, { when: (now, before) => concerned(now, before) && (specChanged(now, before) || told(now) !== told(before)) }),
    ownedByKind(lab.services, OWNER, (now, before) => (now ?? before)?.metadata.labels?.[LABEL.component] === EXPOSURE_COMPONENT),
    ...(policies ? [ownedByKind(policies, OWNER)] : []),
    watched(lab.templates, {
      when: specChanged,
      keys: ({ metadata }) => lab.instances.byIndex('template', `${metadata.namespace}/${metadata.name}`).filter(asks).map(keyOf),
    }),
    watched(lab.ledgers, { when: isLedger, keys: ({ metadata }) => unsettled(lab, metadata) }),
  ];
}

/** What one gives back another may be waiting for; and what was taken out of the ledger by hand is written again. */
function unsettled(lab: Lab, { name, namespace }: KubeObject['metadata']): ObjectKey[] {
  const held = lab.ledgers.get(name, namespace)?.data ?? {};
  return lab.instances
    .list()
    .filter((it) => asks(it) && (it.status?.publicExposure?.phase === 'Error' || isLost(it, held)))
    .map(keyOf);
}

function isLost(instance: Instance, held: Readonly<Record<string, string>>): boolean {
  return instance.status?.publicExposure?.externalIP !== undefined && held[entryOf(keyOf(instance))] === undefined;
}

/** An instance that never asked and has nothing is none of our business. */
function concerned(now: Instance | undefined, before: Instance | undefined): boolean {
  return [now, before].some((it) => it && (asks(it) || told(it) !== NOTHING_TOLD));
}

function asks({ spec }: Instance): boolean {
  return (spec.publicExposure?.ports.length ?? 0) > 0;
}

const NOTHING_TOLD = JSON.stringify([undefined, undefined, []]);

/** What our part of the status says, and whether there is a status to add to. */
function told(instance: Instance | undefined): string {
  const { conditions = [], publicExposure } = instance?.status ?? {};
  const phase = asksAt(instance) ? instance?.status?.phase !== undefined : undefined;
  return JSON.stringify([publicExposure, phase, conditions.filter(({ type }) => EXPOSURE_CONDITIONS.includes(type))]);
}

function asksAt(instance: Instance | undefined): boolean {
  return instance !== undefined && asks(instance);
}

function isLedger(now: KubeObject | undefined, before: KubeObject | undefined): boolean {
  return (now ?? before)?.metadata.labels?.[LABEL.managedBy] === EXPOSURE_MANAGER;
}
