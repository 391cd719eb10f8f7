import { LabError } from '@crownlabs/std';
import { type Engine, engineCall, engineTry } from './engine/engine.ts';
import { INSTALLATION_LABEL, LABELS, type Names } from './names.ts';
import { PAUSE_IMAGE } from './pause-image.ts';

/** A container that only holds a network namespace. */
export interface Sandbox {
  readonly id: string;
  readonly pid: number;
}

/** What the pool needs. */
export interface PoolOptions {
  readonly engine: Engine;
  readonly names: Names;
  readonly installation: string;
  /** How many sandboxes wait for pods. */
  readonly spare: number;
}

const REFILL_DELAY_MS = 5_000;

/**
 * Network namespaces made in advance, so that a pod's start pays for one container only. They have no network until a pod takes them.
 * Refilled when no pod has started for a while: until then the processors belong to those that people wait for.
 */
export class SandboxPool {
  readonly #options: PoolOptions;
  readonly #free: Sandbox[] = [];
  readonly #making = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Takes over sandboxes that nobody uses, and fills up. */
  async open(free: readonly Sandbox[]): Promise<void> {
    this.#free.push(...free);
    await this.#fill();
  }

  async #fill(): Promise<void> {
    const missing = this.#options.spare - this.#free.length - this.#making.size;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#add()));
  }

  /** A sandbox that runs: a spare one, or one made now. */
  async take(): Promise<Sandbox> {
    const spare = this.#free.shift();
    this.#refillLater();
    return spare ?? this.#make();
  }

  /** Takes back a sandbox that was not used up. */
  async giveBack(sandbox: Sandbox): Promise<void> {
    if (this.#closed || this.#free.length >= this.#options.spare) await this.remove(sandbox.id);
    else this.#free.push(sandbox);
  }

  /** Forgets a spare sandbox that has ended; false when it was none of them. */
  lost(id: string): boolean {
    const at = this.#free.findIndex((sandbox) => sandbox.id === id);
    if (at < 0) return false;
    this.#free.splice(at, 1);
    this.remove(id).catch(() => undefined);
    this.#refillLater();
    return true;
  }

  /** Stops refilling; what is spare stays for whoever comes next. */
  pause(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Stops refilling and removes what is spare. */
  async close(): Promise<void> {
    this.pause();
    await Promise.allSettled(this.#making);
    await Promise.all(this.#free.splice(0).map(({ id }) => this.remove(id)));
  }

  async remove(id: string): Promise<void> {
    await engineTry('Removing a sandbox', this.#options.engine.docker.getContainer(id).remove({ force: true, v: true }));
  }

  /** The process of a running sandbox. */
  async pid(id: string): Promise<number | undefined> {
    const seen = await engineTry('Looking at a sandbox', this.#options.engine.docker.getContainer(id).inspect());
    return seen?.State.Running ? seen.State.Pid : undefined;
  }

  #refillLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A failure here shows again, with its reason, when a pod needs a sandbox.
      this.#fill().catch(() => undefined);
    }, REFILL_DELAY_MS).unref();
  }

  async #add(): Promise<void> {
    const making = this.#make().then((sandbox) => void this.#free.push(sandbox));
    this.#making.add(making);
    await making.finally(() => this.#making.delete(making));
  }

  async #make(): Promise<Sandbox> {
    const { engine, names, installation } = this.#options;
    const container = await engineCall(
      'Creating a sandbox',
      engine.docker.createContainer({
        name: names.sandbox(),
        Image: PAUSE_IMAGE,
        Labels: { [INSTALLATION_LABEL]: installation, [LABELS.role]: 'sandbox' },
        HostConfig: {
          NetworkMode: 'none',
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
          ReadonlyRootfs: true,
          Ulimits: [...engine.ulimits],
          // No address of the sixth version in tenant networks; ports below 1024 belong to whoever owns the network namespace.
          Sysctls: { 'net.ipv6.conf.default.disable_ipv6': '1', 'net.ipv4.ip_unprivileged_port_start': '0' },
        },
      }),
    );
    await engineCall('Starting a sandbox', container.start());
    const pid = await this.pid(container.id);
    if (pid === undefined) throw new LabError('InternalError', 'The sandbox ended at once.');
    return { id: container.id, pid };
  }
}
