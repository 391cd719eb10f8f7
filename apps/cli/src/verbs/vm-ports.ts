import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { machineStreams } from '@crownlabs/client';
import { LabError, messageOf } from '@crownlabs/std';
import type { Places } from '../places.ts';
import { say } from '../terminal.ts';
import { findRunning, type MachineFlags, reachOf } from './vm.ts';

/** A port of a machine, and of this one where it is to be listened to: 0 is any that is free. */
export interface WantedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly local: number | undefined;
}

const FORM = /^(?:(?<local>\d{0,5}):)?(?<port>\d{1,5})(?:\/(?<protocol>tcp|udp))?$/;
const HIGHEST = 65_535;
/** Whoever sent nothing for so long is forgotten: datagrams say no goodbye. */
const SILENT_MS = 120_000;

/** Reads `22`, `8080:80`, `:80`, `53/udp` or `5353:53/udp`. Datagrams have no other end than a port, so theirs is that of the machine if none is named. */
export function wantedPort(text: string): WantedPort {
  const { local, port = '', protocol = 'tcp' } = FORM.exec(text)?.groups ?? {};
  const numbers = [Number(port), Number(local ?? 0)];
  if (port === '' || Number(port) < 1 || numbers.some((it) => it > HIGHEST)) {
    throw new LabError('BadRequest', `"${text}" names no port: write PORT, LOCAL:PORT or LOCAL:PORT/udp, each from 1 to ${HIGHEST}.`);
  }
  const own = local === undefined ? (protocol === 'udp' ? Number(port) : undefined) : Number(local);
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', port: Number(port), local: own };
}

/** Joins standard input and output to a port of a machine, as `ssh -o ProxyCommand` wants it; or listens on a port of this machine for whoever comes. */
export async function forwardPort(places: Places, name: string, wanted: WantedPort, flags: MachineFlags): Promise<void> {
  const { endpoint, client } = await reachOf(places, flags);
  const { machine } = await findRunning(client, name, flags);
  const streams = machineStreams(endpoint);
  const { signal } = new AbortController();
  const { protocol, port, local } = wanted;
  if (local === undefined) return joinTerminal(await streams.portForward(machine, port, signal));
  const address =
    protocol === 'udp'
      ? await listenForDatagrams(local, () => streams.datagrams(machine, port, signal))
      : await listenForConnections(local, () => streams.portForward(machine, port, signal));
  say(`Forwarding 127.0.0.1:${address.port} to port ${port}/${protocol} of ${name}. Ctrl+C ends it.`);
  await once(process, 'SIGINT');
  process.exit(0);
}

async function joinTerminal(stream: Duplex): Promise<void> {
  process.stdin.pipe(stream);
  stream.pipe(process.stdout);
  await once(stream, 'close');
  process.stdin.destroy();
}

/** Where somebody listens on this machine, until it is closed. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Listens on a port of this machine: for each connection another one is opened. */
export async function listenForConnections(port: number, open: () => Promise<Duplex>): Promise<Listening> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    open().then(
      (stream) => pipeline(socket, stream, socket).catch(() => socket.destroy()),
      (error: unknown) => {
        say(messageOf(error));
        socket.destroy();
      },
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((cause: unknown) => taken(port, cause));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** As {@link listenForConnections}, for datagrams: whoever sends some from one address has a stream of his own, and the answers go back to him. */
export async function listenForDatagrams(port: number, open: () => Promise<Duplex>): Promise<Listening> {
  const socket = createSocket('udp4');
  const senders = new Map<string, Promise<Duplex>>();
  const known = (key: string, { address, port: from }: RemoteInfo) => {
    const opening = senders.get(key) ?? open().then((stream) => answered(stream, (datagram) => socket.send(datagram, from, address)));
    senders.set(key, opening);
    return opening;
  };
  socket.on('message', (datagram, from) => {
    const key = `${from.address}:${from.port}`;
    const forget = () => void senders.delete(key);
    known(key, from).then(
      (stream) => void stream.once('close', forget).write(datagram),
      (error: unknown) => {
        forget();
        say(messageOf(error));
      },
    );
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening').catch((cause: unknown) => taken(port, cause));
  const close = async () => {
    socket.close();
    for (const stream of await Promise.allSettled(senders.values())) if (stream.status === 'fulfilled') stream.value.destroy();
  };
  return { port: socket.address().port, [Symbol.asyncDispose]: close };
}

function taken(port: number, cause: unknown): never {
  const message = `Port ${port} of this machine cannot be listened on (${messageOf(cause)}): name another one before the colon, or none (":${port}") for any that is free.`;
  throw new LabError('Conflict', message, { cause });
}

function answered(stream: Duplex, answer: (datagram: Uint8Array) => void): Duplex {
  const silent = setTimeout(() => stream.destroy(), SILENT_MS);
  stream.on('data', (datagram: Uint8Array) => {
    silent.refresh();
    answer(datagram);
  });
  stream.on('error', () => undefined).once('close', () => clearTimeout(silent));
  return stream;
}
