import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { ByteReader } from './byte-reader.ts';
import { type PixelFormat, readPixelFormat } from './pixel-format.ts';

/** What a server says of its screen when a client comes in. */
export interface ServerInit {
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormat;
  readonly name: Buffer;
}

/** A desktop's own RFB server, behind the handshake. */
export interface Upstream {
  readonly socket: Duplex;
  readonly init: ServerInit;
  /** What has arrived already behind the handshake. */
  readonly first: Buffer;
}

const NONE = 1;
const LONGEST_NAME = 64 * 1024;

/** Shakes hands with the server at the far end of `socket`, always as one of several viewers. */
export async function openUpstream(socket: Duplex, signal: AbortSignal): Promise<Upstream> {
  const reader = new ByteReader();
  const onData = (bytes: Buffer) => reader.push(bytes);
  const onEnd = () => reader.end();
  const onAbort = () => reader.end(LabError.from(signal.reason, 'Timeout'));
  socket.on('data', onData).once('close', onEnd).on('error', onEnd);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const init = await shakeHands(socket, reader);
    socket.pause();
    return { socket, init, first: reader.rest() };
  } catch (error) {
    socket.destroy();
    throw LabError.from(error, 'ServiceUnavailable');
  } finally {
    socket.off('data', onData).off('close', onEnd);
    signal.removeEventListener('abort', onAbort);
  }
}

async function shakeHands(socket: Duplex, reader: ByteReader): Promise<ServerInit> {
  const banner = (await reader.read(12)).toString('latin1');
  const [, major, minor] = /^RFB (\d{3})\.(\d{3})\n$/.exec(banner) ?? [];
  if (major === undefined) throw new LabError('ServiceUnavailable', 'What answers there is no desktop.');
  // Versions between these were never published; servers that name one speak 3.3.
  const version = Number(minor) >= 8 ? 8 : Number(minor) === 7 ? 7 : 3;
  socket.write(`RFB 003.00${version}\n`);
  await chooseNoPassword(socket, reader, version);
  // Shared: another viewer must never be thrown out by this one.
  socket.write(Buffer.from([1]));
  const head = await reader.read(24);
  const name = await reader.read(nameLength(head.readUInt32BE(20)));
  return { width: head.readUInt16BE(0), height: head.readUInt16BE(2), format: readPixelFormat(head.subarray(4, 20)), name };
}

async function chooseNoPassword(socket: Duplex, reader: ByteReader, version: number): Promise<void> {
  if (version === 3) {
    if ((await reader.read(4)).readUInt32BE(0) !== NONE) throw passwordWanted();
    return;
  }
  const count = (await reader.read(1)).readUInt8(0);
  if (count === 0) throw new LabError('ServiceUnavailable', `The desktop refused: ${await reason(reader)}`);
  if (!(await reader.read(count)).includes(NONE)) throw passwordWanted();
  socket.write(Buffer.from([NONE]));
  if (version < 8) return;
  if ((await reader.read(4)).readUInt32BE(0) !== 0)
    throw new LabError('ServiceUnavailable', `The desktop refused: ${await reason(reader)}`);
}

async function reason(reader: ByteReader): Promise<string> {
  return (await reader.read(nameLength((await reader.read(4)).readUInt32BE(0)))).toString('utf8');
}

function nameLength(length: number): number {
  if (length > LONGEST_NAME) throw new LabError('ServiceUnavailable', 'What answers there is no desktop.');
  return length;
}

function passwordWanted(): LabError {
  return new LabError('ServiceUnavailable', 'The desktop asks for a password of its own, which environments must not do.');
}
