import {
  eventRecorder,
  type Informer,
  informer,
  type KubeClient,
  type KubeObject,
  persistentVolumeClaims,
  pods,
  type Resource,
} from '@crownlabs/client';
import { type Controller, controller, ownedByKind, type Source, watched } from '@crownlabs/controller';
import type { Clock, Logger } from '@crownlabs/std';
import { diskReconciler } from './disk/reconcile.ts';
import type { PodShell } from './doors/shell.ts';
import { machineSubresources, type SubresourceGroup } from './doors/subresources.ts';
import type { LauncherConfig } from './guest/desired.ts';
import { listenToGuests } from './guest/listen.ts';
import { guestReconciler } from './guest/reconcile.ts';
import { type Disk, disks, type Guest, guests, machines, snapshots } from './kinds/kinds.ts';
import { fallAsleep } from './machine/fall-asleep.ts';
import { machineReconciler } from './machine/reconcile.ts';
import { snapshotReconciler } from './snapshot/reconcile.ts';

/** What machines on one node are run with. */
export interface VirtOptions {
  readonly client: KubeClient;
  readonly launcher: LauncherConfig;
  readonly shell: PodShell;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Machines on one node. */
export interface Virt {
  readonly subresources: SubresourceGroup;
  /** Resolves when the objects are known. */
  readonly ready: Promise<void>;
  /** Resolves when the last reconcile is done. */
  readonly stopped: Promise<void>;
}

const OF_MACHINE = { kind: machines.kind, namespaced: true };
const OF_GUEST = { kind: guests.kind, namespaced: true };
const OF_DISK = { kind: disks.kind, namespaced: true };

/** Realises VirtualMachines, VirtualMachineInstances and DataVolumes as pods and claims, until `signal` aborts. Their kinds must be served. */
export function startVirt({ client, launcher, shell, clock, log }: VirtOptions, signal: AbortSignal): Virt {
  const live = <T extends KubeObject>(resource: Resource<T>, indexes: Record<string, (object: T) => string[]> = {}) =>
    informer<T>(client, resource, { clock, log, indexes }, signal);
  const known = {
    machines: live(machines),
    guests: live(guests, { disk: disksOf }),
    disks: live(disks),
    pods: live(pods),
    claims: live(persistentVolumeClaims),
    snapshots: live(snapshots),
  };
  const events = eventRecorder(client, { component: 'virt', clock, log });
  const tools = { client, ...known, clock, events };
  const listener = listenToGuests({ shell, clock, signal, pods: known.pods });
  const read = (pod: { namespace?: string; name: string }, container: string, path: string) =>
    shell.run(pod, container, ['cat', path], signal);
  const named = (name: string, sources: Source[], reconcile: Parameters<typeof controller>[0]['reconcile']): Controller =>
    controller({ name, workers: 4, sources, reconcile, log: log.child({ controller: name }), clock });
  const controllers = [
    named(
      'virtual-machine',
      [watched(known.machines), ownedByKind(known.guests, OF_MACHINE), ownedByKind(known.disks, OF_MACHINE)],
      machineReconciler({ ...tools, fallAsleep: fallAsleep({ ...tools, shell, signal }) }),
    ),
    named(
      'virtual-machine-instance',
      [
        watched(known.guests),
        ownedByKind(known.pods, OF_GUEST),
        ownedByKind(known.claims, OF_GUEST),
        watched(known.disks, { keys: (disk) => guestsWith(known.guests, disk) }),
        listener.source,
      ],
      guestReconciler({ ...tools, config: launcher, listener }),
    ),
    named(
      'data-volume',
      [watched(known.disks), ownedByKind(known.claims, OF_DISK), ownedByKind(known.pods, OF_DISK)],
      diskReconciler({ ...tools, image: launcher.image, networks: launcher.importFrom ?? [], read }),
    ),
    named('volume-snapshot', [watched(known.snapshots)], snapshotReconciler({ ...tools, shell, signal })),
  ];
  return {
    subresources: machineSubresources({ ...tools, shell }),
    ready: Promise.all(Object.values(known).map((one) => one.synced(signal))).then(() => undefined),
    stopped: Promise.all(controllers.map((one) => one.run(signal))).then(() => undefined),
  };
}

function disksOf({ metadata: { namespace = '' }, spec }: Guest): string[] {
  return (spec.volumes ?? []).flatMap(({ dataVolume }) => (dataVolume ? [`${namespace}/${dataVolume.name}`] : []));
}

function guestsWith(known: Informer<Guest>, { metadata: { name, namespace = '' } }: Disk) {
  return known.byIndex('disk', `${namespace}/${name}`).map(({ metadata }) => ({ name: metadata.name, namespace }));
}
