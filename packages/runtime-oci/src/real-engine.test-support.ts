import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerSpec, Runtime } from '@crownlabs/runtime';
import { silent } from '@crownlabs/std';
import { ensureTestImage, TEST_IMAGE } from './busybox-image.test-support.ts';
import { type EngineStart, requireEngine, startEngine } from './engine/start-engine.ts';
import { type OpenedRuntime, openRuntime } from './open-runtime.ts';

/** An engine of this machine for tests, with installations of their own on it. */
export interface RealEngine {
  readonly start: EngineStart;
  readonly directory: string;
  /** A runtime of a new installation, or of the one given. */
  open(installation?: string, internet?: boolean): Promise<OpenedRuntime & { readonly installation: string; shut(): Promise<void> }>;
  end(): Promise<void>;
}

/** Starts an engine in a directory of its own. */
export async function realEngine(socket?: string): Promise<RealEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'crownlabs-runtime-'));
  const start = await startEngine({ directory: join(directory, 'engine'), ...(socket === undefined ? {} : { socket }) });
  const opened: OpenedRuntime[] = [];
  const stops: AbortController[] = [];
  return {
    start,
    directory,
    open: async (installation = crypto.randomUUID(), internet = true) => {
      const stop = new AbortController();
      stops.push(stop);
      const runtime = await openRuntime(
        {
          engine: requireEngine(start),
          installation,
          directory: join(directory, installation),
          network: { internet, open: [], resolvers: [] },
          log: silent,
          revive: () => start.revive(),
          spareSandboxes: 1,
        },
        stop.signal,
      );
      opened.push(runtime);
      await ensureTestImage(runtime.runtime.images);
      return { ...runtime, installation, shut: () => Promise.resolve(stop.abort()) };
    },
    end: async () => {
      for (const runtime of opened) await runtime.clear();
      for (const stop of stops) stop.abort();
      await start.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A busybox container as tests want it: user 1010, no rights. */
export function busybox(command: readonly string[], more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name: 'main',
    attempt: 0,
    image: TEST_IMAGE,
    command,
    env: [],
    mounts: [],
    limits: { memoryBytes: 64 << 20, cpus: 1 },
    security: {
      user: { uid: 1010, gid: 1010 },
      groups: [],
      capabilities: 'all-dropped',
      addCapabilities: [],
      noNewPrivileges: true,
      readOnlyRoot: true,
      privileged: false,
      unconfinedSeccomp: false,
    },
    stdin: false,
    tty: false,
    ...more,
  };
}

/** Runs a shell line in a container; returns its output and exit code. */
export async function sh(runtime: Runtime, id: string, line: string): Promise<{ out: string; code: number }> {
  const stream = await runtime.exec(id, { command: ['sh', '-c', line], tty: false, stdin: false }, AbortSignal.timeout(10_000));
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.stdout) chunks.push(chunk);
  for await (const chunk of stream.stderr) chunks.push(chunk);
  return { out: Buffer.concat(chunks).toString().trim(), code: await stream.exited };
}
