import { duplexPair, finished, Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Agent, NodeDevice } from '@crownlabs/agent';
import { LAUNCHER_IMAGE } from '@crownlabs/api';
import type { ApiServer, LocalGroup } from '@crownlabs/apiserver';
import {
  clusterResource,
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  type KubeClient,
  type ObjectKey,
  pods,
} from '@crownlabs/client';
import { LOCAL_PROVISIONER } from '@crownlabs/kube-controllers';
import { hasCode, LabError, type Logger, systemClock } from '@crownlabs/std';
import {
  type Acceleration,
  clonePolicy,
  MACHINE_SUBRESOURCES,
  machineCrds,
  type PodShell,
  snapshotClasses,
  startVirt,
  type Virt,
} from '@crownlabs/virt';
import { BOOTSTRAP, roomUser, SYSTEM_NAMESPACE } from '../room-identities.ts';
import { clientOf } from './api.ts';
import { firstMachine } from './first-machine.ts';

/** Virtual machines on this node, in the order in which a process comes up. */
export interface MachineRoom {
  /** Power and consoles of machines, served once the room runs. */
  readonly group: LocalGroup;
  /** Installs the kinds of machines, and who may do what with them. */
  install(server: ApiServer): Promise<void>;
  /** Runs machines from the first one until `stop`; resolves when the room has ended. Guests run on. */
  run(server: ApiServer, agent: Promise<Agent>, log: Logger, stop: AbortSignal): Promise<void>;
}

/** The room of virtual machines, not running yet. Disk images may be fetched from private networks that are open; guests run by `kvm` where it is there. */
export function machineRoom(openNetworks: readonly string[], kvm: Promise<NodeDevice | undefined>): MachineRoom {
  let virt: Virt | undefined;
  const subresources = () => {
    if (!virt) throw new LabError('ServiceUnavailable', 'No virtual machine is ready yet. Try again in some seconds.');
    return virt.subresources;
  };
  return {
    group: {
      ...MACHINE_SUBRESOURCES,
      handle: async (request) => subresources().handle(request),
      connect: async (request) => subresources().connect(request),
    },
    install: installMachineKinds,
    run: async (server, agent, log, stop) => {
      await firstMachine(clientOf(server.transport(roomUser('virt')), 'virt'), log, stop);
      if (stop.aborted) return;
      await offerSnapshots(server, stop);
      virt = runMachines({ server, agent, log, stop, openNetworks, acceleration: (await kvm) ? 'kvm' : 'tcg' });
      await virt.stopped;
    },
  };
}

async function installMachineKinds(server: ApiServer): Promise<void> {
  const client = clientOf(server.transport(BOOTSTRAP), 'bootstrap');
  for (const crd of machineCrds()) {
    await client.apply(customResourceDefinitions, { ...crd }, { force: true });
  }
  const { policy, binding } = clonePolicy();
  await Promise.all([client.apply(policies, policy, { force: true }), client.apply(policyBindings, binding, { force: true })]);
  await Promise.all(ROLES.map((role) => grant(client, role)));
  const aggregated = (role: string, verbs: string[]) =>
    client.apply(
      clusterRoles,
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: `kubevirt.io:${role}`, labels: { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' } },
        rules: [
          { apiGroups: ['kubevirt.io'], resources: ['virtualmachines', 'virtualmachineinstances'], verbs },
          { apiGroups: ['cdi.kubevirt.io'], resources: ['datavolumes'], verbs },
        ],
      },
      { force: true },
    );
  await Promise.all([aggregated('admin', ALL), aggregated('edit', ALL), aggregated('view', READ)]);
}

/** A kind is served a moment after it was defined. */
async function offerSnapshots(server: ApiServer, stop: AbortSignal): Promise<void> {
  const client = clientOf(server.transport(BOOTSTRAP), 'bootstrap');
  const snapshotClass = { ...SNAPSHOT_CLASS, driver: LOCAL_PROVISIONER, deletionPolicy: 'Delete' };
  for (;;) {
    try {
      await client.apply(snapshotClasses, snapshotClass, { force: true });
      return;
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      await systemClock.sleep(100, stop);
    }
  }
}

/** Disks of machines that run are copied by who runs them. */
const SNAPSHOT_CLASS = { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotClass', metadata: { name: 'local' } };
const ADMISSION = 'admissionregistration.k8s.io/v1';
const policies = clusterResource(ADMISSION, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy');
const policyBindings = clusterResource(ADMISSION, 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding');

const READ = ['get', 'list', 'watch'];
const ALL = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** The node looks up the wires that its pods ask for. */
const NODES = { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:nodes' };

const ROLES = [
  {
    name: 'crownlabs-machine-networks',
    subject: NODES,
    rules: [{ apiGroups: ['k8s.cni.cncf.io'], resources: ['network-attachment-definitions'], verbs: ['get'] }],
  },
  {
    name: 'crownlabs-virt',
    subject: { kind: 'ServiceAccount', name: 'virt', namespace: SYSTEM_NAMESPACE },
    rules: [
      { apiGroups: ['kubevirt.io'], resources: ['virtualmachines', 'virtualmachineinstances'], verbs: ALL },
      { apiGroups: ['kubevirt.io'], resources: ['virtualmachines/status', 'virtualmachineinstances/status'], verbs: ['update', 'patch'] },
      { apiGroups: ['kubevirt.io'], resources: ['virtualmachines/finalizers', 'virtualmachineinstances/finalizers'], verbs: ['update'] },
      { apiGroups: ['cdi.kubevirt.io'], resources: ['datavolumes'], verbs: ALL },
      { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: [...READ, 'patch'] },
      { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots/status'], verbs: ['patch'] },
      { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots/finalizers'], verbs: ['update'] },
      // The disks that a machine makes for itself are made in its name, and were judged with it.
      { apiGroups: ['cdi.kubevirt.io'], resources: ['datavolumes/source'], verbs: ['create'] },
      { apiGroups: ['cdi.kubevirt.io'], resources: ['datavolumes/status'], verbs: ['update', 'patch'] },
      { apiGroups: ['cdi.kubevirt.io'], resources: ['datavolumes/finalizers'], verbs: ['update'] },
      { apiGroups: [''], resources: ['pods'], verbs: [...READ, 'create', 'delete'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...READ, 'create', 'patch', 'delete'] },
      // A volume of another namespace is shown to who copies it by a second one over the same bytes.
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get', 'create', 'delete'] },
      { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'get'] },
    ],
  },
];

async function grant(client: KubeClient, { name, subject, rules }: (typeof ROLES)[number]): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await client.apply(clusterRoles, { apiVersion, kind: 'ClusterRole', metadata: { name }, rules }, { force: true });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  await client.apply(
    clusterRoleBindings,
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects: [subject] },
    { force: true },
  );
}

interface RoomParts {
  readonly server: ApiServer;
  readonly agent: Promise<Agent>;
  readonly log: Logger;
  readonly stop: AbortSignal;
  readonly openNetworks: readonly string[];
  readonly acceleration: Acceleration;
}

function runMachines({ server, agent, log, stop, openNetworks, acceleration }: RoomParts): Virt {
  const client = clientOf(server.transport(roomUser('virt')), 'virt');
  const launcher = { image: LAUNCHER_IMAGE, acceleration, importFrom: openNetworks };
  return startVirt({ client, launcher, shell: agentShell(client, agent), clock: systemClock, log }, stop);
}

/** Commands in pods of this node, by its agent. */
function agentShell(client: KubeClient, agent: Promise<Agent>): PodShell {
  const exec = async (pod: ObjectKey, request: { container: string; command: readonly string[]; stdin: boolean }, signal: AbortSignal) => {
    const { namespace = '', name } = pod;
    const { uid = '' } = (await client.get(pods, name, namespace)).metadata;
    return (await agent).exec({ namespace, name, uid }, { ...request, tty: false }, signal);
  };
  return {
    open: async (pod, container, command, signal) => {
      const { stdin, stdout, exited } = await exec(pod, { container, command, stdin: true }, signal);
      const [near, far] = duplexPair();
      far.pipe(stdin);
      Readable.from(stdout).pipe(far);
      exited.catch(() => undefined).finally(() => near.destroy());
      void promisify(finished)(near)
        .catch(() => undefined)
        .finally(() => stdin.end());
      return near;
    },
    run: async (pod, container, command, signal) => {
      const { stdout, stderr, exited } = await exec(pod, { container, command, stdin: false }, signal);
      const [text, complaint, code] = await Promise.all([textOf(stdout), textOf(stderr), exited]);
      if (code !== 0) throw new LabError('InternalError', complaint.trim() || `${command[0]} ended with code ${code}`);
      return text;
    },
  };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}
