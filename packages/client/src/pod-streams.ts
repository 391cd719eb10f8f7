import { Duplex, type Writable } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { statusError } from './api-status.ts';
import { pods } from './built-in.ts';
import { type ChannelSocket, openChannels } from './channel-socket.ts';
import { type ApiEndpoint, httpTransport } from './http-transport.ts';
import type { ObjectKey } from './object.ts';
import { objectPath } from './resource-path.ts';
import { parseJson, readText } from './response-body.ts';

/** What to run in a pod. */
export interface PodCommand {
  readonly container: string;
  readonly command: readonly string[];
  readonly tty?: boolean;
  readonly stdin?: boolean;
}

/** A running command. */
export interface PodExec {
  readonly stdin: Writable;
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Empty with a tty. */
  readonly stderr: AsyncIterable<Uint8Array>;
  resize(columns: number, rows: number): Promise<void>;
  /** The exit code, once the command has ended. */
  readonly exited: Promise<number>;
}

/** Which part of a log. */
export interface PodLogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly previous?: boolean;
}

/** Byte streams into and out of pods, through the API. */
export interface PodStreams {
  exec(pod: ObjectKey, command: PodCommand, signal: AbortSignal): Promise<PodExec>;
  /** A connection to a TCP port of the pod. */
  portForward(pod: ObjectKey, port: number, signal: AbortSignal): Promise<Duplex>;
  log(pod: ObjectKey, options: PodLogOptions, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

const EXEC = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 };

/** Streams over WebSockets to a real or embedded API that listens on the network. */
export function podStreams(endpoint: ApiEndpoint): PodStreams {
  return {
    async exec(pod, command, signal) {
      const socket = await openChannels(endpoint, execPath(pod, command), ['v5.channel.k8s.io', 'v4.channel.k8s.io'], signal);
      return execOver(socket);
    },
    async portForward(pod, port, signal) {
      const path = `${podPath(pod)}/portforward?ports=${port}`;
      return forwardOver(await openChannels(endpoint, path, ['v4.channel.k8s.io'], signal));
    },
    async *log(pod, options, signal) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(options)) if (value !== undefined) query.set(name, String(value));
      const answer = await httpTransport(endpoint)({ method: 'GET', path: `${podPath(pod)}/log?${query.toString()}`, signal });
      if (answer.status >= 400) throw statusError(answer.status, parseJson(await readText(answer.body)));
      yield* answer.body;
    },
  };
}

function podPath({ namespace, name }: ObjectKey): string {
  return objectPath(pods, name, namespace);
}

function execPath(pod: ObjectKey, { container, command, tty = false, stdin = false }: PodCommand): string {
  const query = new URLSearchParams({ container, stdout: 'true', stdin: String(stdin), tty: String(tty), stderr: String(!tty) });
  for (const word of command) query.append('command', word);
  return `${podPath(pod)}/exec?${query.toString()}`;
}

function execOver(socket: ChannelSocket): PodExec {
  return {
    stdin: socket.outgoing(EXEC.stdin),
    stdout: socket.incoming(EXEC.stdout),
    stderr: socket.incoming(EXEC.stderr),
    resize: (columns, rows) => socket.send(EXEC.resize, JSON.stringify({ Width: columns, Height: rows })),
    exited: exitCode(socket),
  };
}

/** The last word of an exec is a Status on its error channel: success, or a failure whose cause carries the code. */
async function exitCode(socket: ChannelSocket): Promise<number> {
  const text = await readText(socket.incoming(EXEC.error));
  if (text === '') return -1;
  const status = parseJson(text) as { status?: string; reason?: string; details?: { causes?: { reason?: string; message?: string }[] } };
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (code === undefined) throw statusError(500, status);
  return Number(code);
}

/** A connection over two channels. This protocol cannot say "I have nothing more to send", so ending the writable side closes nothing. */
function forwardOver(socket: ChannelSocket): Duplex {
  const out = socket.outgoing(0);
  const arrived = afterPort(socket.incoming(0));
  const connection = new Duplex({
    read() {
      arrived.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(LabError.from(error)),
      );
    },
    write: (chunk: Buffer, _encoding, done) => void out.write(chunk, done),
    destroy: (error, done) => {
      socket.close();
      done(error);
    },
  });
  readText(afterPort(socket.incoming(1)))
    .then((text) => (text === '' ? undefined : connection.destroy(new LabError('ServiceUnavailable', text))))
    .catch((error: unknown) => connection.destroy(LabError.from(error)));
  return connection;
}

/** The first two bytes of each channel name the port again; what follows is the connection's. */
async function* afterPort(channel: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let toSkip = 2;
  for await (const part of channel) {
    const skipped = Math.min(toSkip, part.length);
    toSkip -= skipped;
    if (part.length > skipped) yield part.subarray(skipped);
  }
}
