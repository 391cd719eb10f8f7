import type { Duplex } from 'node:stream';

/** Options of `pods/log`. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceTime?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

/** What `pods/exec` and `pods/attach` ask for. */
export interface ExecOptions {
  readonly container: string;
  /** Empty: attach to the container's own process. */
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** A running command. */
export interface ExecSession {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Empty with a tty. */
  readonly stderr: AsyncIterable<Uint8Array>;
  resize(columns: number, rows: number): Promise<void>;
  /** The exit code, once the command has ended. */
  readonly exited: Promise<number>;
}

/** What the API asks of the node on which a pod runs. The agent offers it; in a cluster this is the kubelet's part. */
export interface Kubelet {
  log(pod: { namespace: string; name: string; uid: string }, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  exec(pod: { namespace: string; name: string; uid: string }, options: ExecOptions, signal: AbortSignal): Promise<ExecSession>;
  /** A connection to a TCP port of the pod. */
  dial(pod: { namespace: string; name: string; uid: string }, port: number, signal: AbortSignal): Promise<Duplex>;
}
