import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, hostname, networkInterfaces, type as osType, release, totalmem } from 'node:os';
import { type KubeClient, leases, nodes } from '@crownlabs/client';
import { type Clock, hasCode, type Logger, messageOf, rfc3339 } from '@crownlabs/std';
import type { NodeAmounts } from './amounts.ts';
import { deviceAmounts, type NodeDevice } from './devices.ts';

/** What a node says of itself beside what the machine says. */
export interface NodeConfig {
  readonly labels?: Readonly<Record<string, string>>;
  readonly maxPods?: number;
  /** Figures instead of the machine's own: for a simulated node, or to hold something back. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** Memory that pods never get. */
  readonly reservedMemoryBytes?: number;
  /** Devices that containers may ask for. */
  readonly devices?: readonly NodeDevice[];
}

/** What a registration needs. */
export interface NodeOptions {
  readonly client: KubeClient;
  readonly name: string;
  readonly dataDir: string;
  readonly runtimeVersion: string;
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const MAX_PODS = 500;
const RESERVED_MIN = 512 << 20;
const RESERVED_SHARE = 0.06;
const DISK_PRESSURE = 'node.kubernetes.io/disk-pressure';

/** What pods may share on this machine. */
export function nodeAmounts({ cpus = availableParallelism(), memoryBytes = totalmem() }: NodeConfig): NodeAmounts {
  return { cpus, memoryBytes };
}

/** The address under which the machine is known: the first that is not its loopback. */
export function hostAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((it) => it && it.family === 'IPv4' && !it.internal)?.address ?? '127.0.0.1';
}

/** Keeps one Node and its Lease. */
export class NodeRegistration {
  readonly #options: NodeOptions;
  #diskPressure = false;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** Makes the Node, or brings it up to date. */
  async register(): Promise<void> {
    const { client, name, config } = this.#options;
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
      ...config.labels,
    };
    try {
      await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
    } catch (error) {
      if (!hasCode(error, 'AlreadyExists')) throw error;
      await client.patch(nodes, name, undefined, { metadata: { labels } });
    }
    await this.#writeStatus();
  }

  /** Renews the Lease until the signal aborts. */
  async keepAlive(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#renew().catch((error: unknown) => this.#options.log.warn('The node Lease was not renewed', { error: messageOf(error) }));
      await this.#options.clock.sleep(RENEW_MS, signal).catch(() => undefined);
    }
  }

  /** Tells whether the disk is nearly full: the scheduler then sends nothing more. */
  async setDiskPressure(pressure: boolean): Promise<void> {
    if (pressure === this.#diskPressure) return;
    this.#diskPressure = pressure;
    const { client, name } = this.#options;
    const node = await client.get(nodes, name);
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== DISK_PRESSURE);
    const taints = pressure ? [...others, { key: DISK_PRESSURE, effect: 'NoSchedule' }] : others;
    await client.patch(nodes, name, undefined, { spec: { taints } });
    await this.#writeStatus();
  }

  async #writeStatus(): Promise<void> {
    const { client, name, dataDir, runtimeVersion, config, clock } = this.#options;
    const { cpus, memoryBytes } = nodeAmounts(config);
    const disk = await statfs(dataDir);
    const reserved = config.reservedMemoryBytes ?? Math.max(RESERVED_MIN, memoryBytes * RESERVED_SHARE);
    const amounts = (memory: number) => ({
      cpu: String(cpus),
      memory: `${Math.floor(memory / 1024)}Ki`,
      'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
      pods: String(config.maxPods ?? MAX_PODS),
      ...deviceAmounts(config.devices),
    });
    const now = rfc3339(clock.now());
    const condition = (type: string, status: boolean, reason: string, message: string) => ({
      type,
      status: status ? 'True' : 'False',
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    });
    const status = {
      capacity: amounts(memoryBytes),
      allocatable: amounts(Math.max(0, memoryBytes - reserved)),
      conditions: [
        condition('MemoryPressure', false, 'KubeletHasSufficientMemory', 'there is memory'),
        this.#diskPressure
          ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'the disk is nearly full')
          : condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'there is disk space'),
        condition('PIDPressure', false, 'KubeletHasSufficientPID', 'there are process numbers'),
        condition('Ready', true, 'KubeletReady', 'the node agent runs'),
      ],
      addresses: [
        { type: 'InternalIP', address: hostAddress() },
        { type: 'Hostname', address: hostname() },
      ],
      nodeInfo: {
        architecture: arch() === 'x64' ? 'amd64' : arch(),
        operatingSystem: 'linux',
        kernelVersion: release(),
        osImage: osType(),
        containerRuntimeVersion: runtimeVersion.toLowerCase().replace(' ', '://'),
        kubeletVersion: 'v1.33.0-crownlabs',
        kubeProxyVersion: '',
        bootID: '',
        machineID: '',
        systemUUID: '',
      },
    };
    await client.patch(nodes, name, undefined, { status }, { subresource: 'status' });
  }

  async #renew(): Promise<void> {
    const { client, name, clock } = this.#options;
    const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    try {
      await client.patch(leases, name, LEASE_NAMESPACE, { spec });
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      await client.create(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: LEASE_NAMESPACE },
        spec: { ...spec, renewTime },
      });
    }
  }
}
