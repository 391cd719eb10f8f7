import { type Instance, type InstanceSnapshot, LABEL, type Tenant, tenantNamespace } from '@crownlabs/api';
import { type Kube, type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { sameJson } from '@crownlabs/std';
import type { ResourceQuota } from 'kubernetes-types/core/v1.js';
import type { Lab } from '../lab.ts';
import type { OptionalKinds } from '../optional-kinds.ts';
import { LEDGER_MANAGER } from '../quota/ledger.ts';

const OWNER = { kind: 'Instance', namespaced: true };

/** Everything whose change may change an instance. */
export function instanceSources(lab: Lab): Source[] {
  const { instances } = lab;
  const inNamespace = (namespace: string) => instances.byIndex('namespace', namespace);
  const machineKinds = ['virtualmachines', 'virtualmachineinstances', 'datavolumes', 'secrets', 'network-attachment-definitions'];
  const children = [
    'deployments',
    'services',
    'ingresses',
    'httproutes',
    'persistentvolumeclaims',
    'roles',
    'rolebindings',
    ...machineKinds,
  ];
  return [
    watched(instances, { when: specChanged }),
    // Whoever leaves makes room for those who wait beside him.
    watched(instances, { when: leaves, keys: (it) => waiting(inNamespace(it.metadata.namespace ?? '')) }),
    // And gives up the names of its objects.
    watched(instances, { when: (now) => now === undefined, keys: (it) => failed(inNamespace(it.metadata.namespace ?? '')) }),
    watched(lab.pods, { keys: (pod) => ofPod(lab, pod), first: true }),
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
    watched(lab.tenants, { when: keysChanged, keys: (it) => machinesManagedBy(lab, it) }),
    watched(lab.snapshots, { keys: restoredFrom }),
    // The volume of a disk is the disk's; what takes its place waits until it is gone.
    watched(lab.claims, { when: (now) => now === undefined, keys: (claim) => ofPod(lab, claim) }),
    watched(lab.sharedVolumes, { when: comesOrGoes, keys: () => unsettled(instances.list()) }),
    ...Object.values(lab.optional).map((kind) => installation(lab, kind)),
    watched(lab.builds, { keys: () => unsettled(instances.list()) }),
    watched(lab.quotas, { when: limitsChanged, keys: ({ metadata }) => unsettled(inNamespace(metadata.namespace ?? '')) }),
    ledgerSource(lab),
  ];
}

function ledgerSource({ ledgers, instances }: Lab): Source {
  const isLedger = (it: KubeObject | undefined) => it?.metadata.labels?.[LABEL.managedBy] === LEDGER_MANAGER;
  const keysOf = ({ metadata }: KubeObject) => waiting(instances.byIndex('namespace', metadata.namespace ?? ''));
  return watched(ledgers, { when: (now, before) => isLedger(now ?? before), keys: keysOf });
}

/** A kind that appears may be what instances waited for. */
function installation(lab: Lab, kind: OptionalKinds[keyof OptionalKinds]): Source {
  return {
    synced: (signal) => kind.synced(signal),
    start: (enqueue) =>
      kind.onInstalled(() => {
        for (const it of lab.instances.list()) enqueue(keyOf(it));
      }),
  };
}

/** Whether the API judges by other limits than before: that they were written is not enough. */
function limitsChanged(now: Kube<ResourceQuota> | undefined, before: Kube<ResourceQuota> | undefined): boolean {
  return !sameJson(now?.status?.hard, before?.status?.hard);
}

function comesOrGoes(now: object | undefined, before: object | undefined): boolean {
  return (now === undefined) !== (before === undefined);
}

function keysChanged(now: Tenant | undefined, before: Tenant | undefined): boolean {
  const said = (it: Tenant | undefined) => JSON.stringify([it?.spec.publicKeys, it?.spec.workspaces]);
  return said(now) !== said(before);
}

/** Managers' keys open the machines of their workspaces. */
function machinesManagedBy(lab: Lab, { spec }: Tenant): ObjectKey[] {
  const managed = new Set((spec.workspaces ?? []).flatMap(({ name, role }) => (role === 'manager' ? [name] : [])));
  if (managed.size === 0) return [];
  const { machines, guests } = lab.optional;
  const owners = [...machines.list(), ...guests.list()].flatMap(({ metadata: { namespace = '', ownerReferences } }) =>
    (ownerReferences ?? []).map(({ name }) => lab.instances.get(name, namespace)),
  );
  return keys(owners.flatMap((it) => (it && managed.has(it.metadata.labels?.[LABEL.workspace] ?? '') ? [it] : [])));
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

function failed(found: readonly Instance[]): ObjectKey[] {
  return keys(found.filter(({ status }) => status?.phase === 'Failed'));
}

function restoredFrom({ spec: { instanceRef }, metadata }: InstanceSnapshot): ObjectKey[] {
  return [{ name: instanceRef.name, namespace: instanceRef.namespace ?? metadata.namespace ?? '' }];
}

/** Those for which a new workspace, quota or image may be what they lacked. */
function unsettled(found: readonly Instance[]): ObjectKey[] {
  return keys(found.filter(({ status }) => !['Ready', 'Off'].includes(status?.phase ?? '')));
}

function keys(found: readonly Instance[]): ObjectKey[] {
  return found.map(keyOf);
}
