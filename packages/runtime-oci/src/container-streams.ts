import { type Duplex, PassThrough, type Readable } from 'node:stream';
import type { ExecRequest, ExecStream, LogRequest } from '@crownlabs/runtime';
import type Dockerode from 'dockerode';
import { engineCall } from './engine/engine.ts';

/** The output of a container's process. Without a terminal the engine frames it; both streams come out in their order. */
export async function* containerLogs(
  docker: Dockerode,
  id: string,
  options: LogRequest & { tty: boolean },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { follow, timestamps, since, tailLines, tty } = options;
  const query = {
    stdout: true,
    stderr: true,
    timestamps,
    ...(since === undefined ? {} : { since: since / 1000 }),
    ...(tailLines === undefined ? {} : { tail: tailLines }),
    abortSignal: signal,
  };
  const container = docker.getContainer(id);
  if (!follow) {
    const whole: unknown = await engineCall('Reading a log', container.logs({ ...query, follow: false }));
    if (!(whole instanceof Uint8Array)) return;
    yield* tty ? [whole] : unframe(whole);
    return;
  }
  const stream = await engineCall('Following a log', container.logs({ ...query, follow: true }));
  const out = new PassThrough();
  stream.on('end', () => out.end()).on('error', () => out.end());
  if (tty) stream.pipe(out);
  else docker.modem.demuxStream(stream, out, out);
  for await (const chunk of out) yield chunk;
}

/** Takes the eight-byte headers out. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach */
function* unframe(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at + 4);
    yield bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size;
  }
}

const ASK_AGAIN_MS = 20;

/** Runs a command in a container. */
export async function containerExec(docker: Dockerode, id: string, request: ExecRequest): Promise<ExecStream> {
  const exec = await engineCall(
    'Preparing a command',
    docker.getContainer(id).exec({
      Cmd: [...request.command],
      AttachStdin: request.stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: request.tty,
    }),
  );
  const socket = await engineCall('Starting a command', exec.start({ hijack: true, stdin: request.stdin, Tty: request.tty }));
  const exitCode = async () => {
    for (;;) {
      const { Running, ExitCode } = await engineCall('Looking at a command', exec.inspect());
      if (!Running) return ExitCode ?? 0;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  };
  return streams(docker, socket, request, { exitCode, resize: (columns, rows) => exec.resize({ w: columns, h: rows }) });
}

/** Connects to a container's own process. */
export async function containerAttach(
  docker: Dockerode,
  id: string,
  request: ExecRequest,
  exitCode: () => Promise<number>,
): Promise<ExecStream> {
  const container = docker.getContainer(id);
  const socket = await engineCall(
    'Attaching to a container',
    container.attach({ stream: true, stdin: request.stdin, stdout: true, stderr: true, hijack: true }),
  );
  return streams(docker, socket, request, { exitCode, resize: (columns, rows) => container.resize({ w: columns, h: rows }) });
}

interface ProcessControl {
  exitCode(): Promise<number>;
  resize(columns: number, rows: number): Promise<unknown>;
}

function streams(docker: Dockerode, socket: NodeJS.ReadWriteStream, request: ExecRequest, control: ProcessControl): ExecStream {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      stdout.end();
      stderr.end();
      resolve();
    };
    socket.once('end', end).once('close', end).once('error', end);
  });
  if (request.tty) socket.pipe(stdout, { end: false });
  else docker.modem.demuxStream(socket, stdout, stderr);
  return {
    stdin: socket,
    stdout: closing(stdout, socket),
    stderr,
    exited: ended.then(() => control.exitCode()),
    // A command may end before its window was told its size.
    resize: (columns, rows) =>
      control.resize(columns, rows).then(
        () => undefined,
        () => undefined,
      ),
  };
}

/** A reader who leaves closes the connection: nobody else would. */
function closing(stream: Readable, socket: NodeJS.ReadWriteStream): Readable {
  stream.once('close', () => {
    if (!stream.readableEnded && isDuplex(socket)) socket.destroy();
  });
  return stream;
}

function isDuplex(stream: NodeJS.ReadWriteStream): stream is Duplex {
  return 'destroy' in stream;
}
