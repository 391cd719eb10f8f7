import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '@crownlabs/runtime';
import { type Logger, messageOf } from '@crownlabs/std';
import type { Engine } from './engine/engine.ts';
import { ensurePauseImage } from './engine/first-container.ts';
import type { Finding } from './finding.ts';
import { type HostCommand, hostCommand } from './host-command.ts';
import { HostShell } from './host-shell.ts';
import { proveIsolation } from './isolation.ts';
import { names } from './names.ts';
import { Segments } from './network/segments.ts';
import { type NetworkPolicy, TenantNetworks } from './network/tenant-networks.ts';
import { OciRuntime } from './oci-runtime.ts';
import { SandboxPool } from './sandbox-pool.ts';

/** What a runtime is opened with. */
export interface RuntimeOptions {
  readonly engine: Engine;
  /** The uid of `kube-system`: marks what is ours. */
  readonly installation: string;
  /** A directory of ours for the pods' own small files. */
  readonly directory: string;
  readonly network: NetworkPolicy;
  readonly log: Logger;
  /** Brings a dead engine service back; does nothing for an engine of the machine. */
  readonly revive?: () => Promise<void>;
  /** Network namespaces that wait for pods; each costs about 3 MB. */
  readonly spareSandboxes?: number;
  readonly run?: HostCommand;
}

/** A runtime that is open until its signal aborts. Containers outlive it. */
export interface OpenedRuntime {
  readonly runtime: Runtime;
  /** Proves with real connections that tenants are walled in. Nothing should be started where it is not `ok`. */
  proveIsolation(): Promise<Finding>;
  /** Removes every container, interface and rule of the installation. */
  clear(): Promise<void>;
  /** Removes spare sandboxes, and the walls where no pod is left; pods stay. */
  close(): Promise<void>;
}

const REPAIR_EVERY_MS = 60_000;
const SPARE = 2;

/** Opens the runtime of one installation on an engine: adopts its pods, puts its walls up. */
export async function openRuntime(options: RuntimeOptions, signal: AbortSignal): Promise<OpenedRuntime> {
  const { engine, installation, network: policy, log } = options;
  const shell = new HostShell();
  const run = options.run ?? shell.run;
  // A folder of its own: whoever gives us the directory may keep things of pods there too.
  const directory = join(options.directory, 'files');
  const ourNames = names(installation);
  const networks = new TenantNetworks({ run, names: ourNames, installation, policy });
  const segments = new Segments({ run, names: ourNames });
  const pool = new SandboxPool({ engine, names: ourNames, installation, spare: options.spareSandboxes ?? SPARE });
  const revive = options.revive ?? (() => Promise.resolve());
  const runtime = new OciRuntime({ engine, installation, names: ourNames, networks, segments, pool, directory, log, revive });
  await Promise.all([mkdir(directory, { recursive: true, mode: 0o711 }), ensurePauseImage(engine)]);
  await runtime.open(signal);
  const timer = setInterval(() => {
    networks.repair().catch((error: unknown) => log.error('Network walls were not checked', { error: messageOf(error) }));
  }, REPAIR_EVERY_MS).unref();
  const end = () => {
    clearInterval(timer);
    pool.pause();
  };
  signal.addEventListener('abort', end, { once: true });
  return {
    runtime,
    proveIsolation: () => proveIsolation({ run: options.run ?? hostCommand, pool, networks }),
    close: async () => {
      await pool.close();
      await networks.retire();
      await shell.close();
    },
    clear: async () => {
      await pool.close();
      await runtime.removeAll();
      await segments.clear();
      await networks.clear();
      await shell.close();
    },
  };
}
