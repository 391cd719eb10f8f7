import { finished } from 'node:stream/promises';
import { messageOf } from '@crownlabs/std';
import type { WebSocket } from 'ws';
import { parseJson } from '../codec/json-parse.ts';
import { encodeJson } from '../codec/json-print.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ExecSession } from '../kubelet.ts';
import { bytesOf, CHANNEL, sendOn } from './channels.ts';

/** Connects a running command with the client's channels; resolves when both are done. */
export async function serveExec(session: ExecSession, socket: WebSocket): Promise<void> {
  socket.on('message', (message) => receive(session, bytesOf(message)));
  const output = Promise.all([copy(session.stdout, socket, CHANNEL.stdout), copy(session.stderr, socket, CHANNEL.stderr)]);
  const status = await statusOf(session, output);
  await sendOn(socket, CHANNEL.error, encodeJson(status));
  socket.close(1000);
}

function receive(session: ExecSession, message: Buffer): void {
  const data = message.subarray(1);
  switch (message[0]) {
    case CHANNEL.stdin:
      if (data.length > 0) session.stdin.write(data);
      break;
    case CHANNEL.resize:
      resize(session, data.toString('utf8'));
      break;
    case CHANNEL.close:
      if (data[0] === CHANNEL.stdin) session.stdin.end();
      break;
    default:
  }
}

function resize(session: ExecSession, text: string): void {
  const size = readSize(text);
  // A terminal that has gone cannot be resized, and nobody misses it.
  if (size) session.resize(size.columns, size.rows).catch(() => undefined);
}

function readSize(text: string): { columns: number; rows: number } | undefined {
  try {
    const { value } = parseJson(text);
    if (!isObject(value)) return undefined;
    const columns = value['Width'];
    const rows = value['Height'];
    return typeof columns === 'number' && typeof rows === 'number' ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

async function copy(from: AsyncIterable<Uint8Array>, socket: WebSocket, channel: number): Promise<void> {
  for await (const chunk of from) await sendOn(socket, channel, chunk);
}

async function statusOf(session: ExecSession, output: Promise<unknown>): Promise<JsonObject> {
  try {
    const [code] = await Promise.all([session.exited, output]);
    if (code === 0) return { metadata: {}, status: 'Success' };
    return {
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: exit status ${code}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    };
  } catch (error) {
    return { metadata: {}, status: 'Failure', message: messageOf(error), reason: 'InternalError', code: 500 };
  } finally {
    session.stdin.end();
    await finished(session.stdin, { readable: false }).catch(() => undefined);
  }
}
