import { type Instance, LABEL, tenantNamespace } from '@crownlabs/api';
import { type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import type { Lab } from '../lab.ts';
import { LEDGER_MANAGER } from '../quota/ledger.ts';

const OWNER = { kind: 'Instance', namespaced: true };

/** Everything whose change may change an instance. */
export function instanceSources(lab: Lab): Source[] {
  const { instances } = lab;
  const inNamespace = (namespace: string) => instances.byIndex('namespace', namespace);
  const children = ['deployments', 'services', 'persistentvolumeclaims', 'roles', 'rolebindings'];
  return [
    watched(instances, { when: specChanged }),
    // Whoever leaves makes room for those who wait beside him.
    watched(instances, { when: leaves, keys: (it) => waiting(inNamespace(it.metadata.namespace ?? '')) }),
    watched(lab.pods, { keys: (pod) => ofPod(lab, pod) }),
    ...children.flatMap((plural) => {
      const informer = lab.children.get(plural);
      return informer ? [ownedByKind(informer, OWNER)] : [];
    }),
    watched(lab.templates, {
      when: specChanged,
      keys: ({ metadata }) => keys(instances.byIndex('template', `${metadata.namespace}/${metadata.name}`)),
    }),
    watched(lab.tenants, { keys: ({ metadata }) => keys(inNamespace(tenantNamespace(metadata.name))) }),
    watched(lab.namespaces, { when: specChanged, keys: ({ metadata }) => keys(inNamespace(metadata.name)) }),
    watched(lab.workspaces, { when: specChanged, keys: () => unsettled(instances.list()) }),
    watched(lab.builds, { keys: () => unsettled(instances.list()) }),
    ledgerSource(lab),
  ];
}

function ledgerSource({ ledgers, instances }: Lab): Source {
  const isLedger = (it: KubeObject | undefined) => it?.metadata.labels?.[LABEL.managedBy] === LEDGER_MANAGER;
  const keysOf = ({ metadata }: KubeObject) => waiting(instances.byIndex('namespace', metadata.namespace ?? ''));
  return watched(ledgers, { when: (now, before) => isLedger(now ?? before), keys: keysOf });
}

function leaves(now: Instance | undefined, before: Instance | undefined): boolean {
  return now === undefined || (before?.spec.running === true && !now.spec.running);
}

function ofPod(lab: Lab, { metadata: { namespace, labels } }: KubeObject): ObjectKey[] {
  return keys(lab.instances.byIndex('label', `${namespace}/${labels?.[LABEL.instance]}`));
}

function waiting(found: readonly Instance[]): ObjectKey[] {
  return keys(found.filter(({ status }) => status?.phase === 'ResourceQuotaExceeded'));
}

/** Those for which a new workspace, quota or image may be what they lacked. */
function unsettled(found: readonly Instance[]): ObjectKey[] {
  return keys(found.filter(({ status }) => !['Ready', 'Off'].includes(status?.phase ?? '')));
}

function keys(found: readonly Instance[]): ObjectKey[] {
  return found.map(keyOf);
}
