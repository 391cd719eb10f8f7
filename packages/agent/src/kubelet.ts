import type { Duplex } from 'node:stream';
import type { Runtime } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import type { PodId } from './pod.ts';
import type { PodRunner } from './pod-runner.ts';

/** Options of `pods/log`, as the API hands them on. */
export interface KubeletLogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly sinceTime?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

/** What `pods/exec` and `pods/attach` ask for. An empty command attaches to the container's own process. */
export interface KubeletExecOptions {
  readonly container: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** A running command. */
export interface KubeletExecSession {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  resize(columns: number, rows: number): Promise<void>;
  readonly exited: Promise<number>;
}

/** What the API asks of the node on which a pod runs: the kubelet's part. */
export interface Kubelet {
  log(pod: PodId, options: KubeletLogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  exec(pod: PodId, options: KubeletExecOptions, signal: AbortSignal): Promise<KubeletExecSession>;
  dial(pod: PodId, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** Answers for the pods that `find` knows. */
export function kubelet(runtime: Runtime, find: (uid: string) => PodRunner | undefined): Kubelet {
  const idOfContainer = (pod: PodId, name: string, previous = false) => {
    const runner = find(pod.uid)?.container(name);
    if (!runner) throw new LabError('NotFound', `container ${name} is not in pod ${pod.name}`);
    const id = runner.id(previous);
    if (id !== undefined) return id;
    if (previous) throw new LabError('BadRequest', `previous terminated container "${name}" in pod "${pod.name}" not found`);
    const reason = runner.view.phase.kind === 'waiting' ? runner.view.phase.reason : 'unknown';
    throw new LabError('BadRequest', `container "${name}" in pod "${pod.name}" is waiting to start: ${reason}`);
  };
  return {
    log: (pod, options, signal) => readLog(runtime, idOfContainer(pod, options.container, options.previous), options, signal),
    exec: async (pod, options, signal) => {
      const { command, tty, stdin } = options;
      return runtime.exec(idOfContainer(pod, options.container), { command, tty, stdin }, signal);
    },
    dial: (pod, port, signal) => runtime.dial(pod.uid, port, signal),
  };
}

async function* readLog(runtime: Runtime, id: string, options: KubeletLogOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { follow, timestamps, sinceTime, tailLines, limitBytes = Number.POSITIVE_INFINITY } = options;
  const request = {
    follow,
    timestamps,
    ...(sinceTime === undefined ? {} : { since: sinceTime }),
    ...(tailLines === undefined ? {} : { tailLines }),
  };
  let left = limitBytes;
  for await (const chunk of runtime.logs(id, request, signal)) {
    if (chunk.length >= left) {
      yield chunk.subarray(0, left);
      return;
    }
    left -= chunk.length;
    yield chunk;
  }
}
