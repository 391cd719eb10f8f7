import type { WebSocket } from 'ws';

/** Channel numbers of the `channel.k8s.io` protocols. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Sends one message of a channel; resolves when the socket has taken it. */
export function sendOn(socket: WebSocket, channel: number, data: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  const message = Buffer.allocUnsafe(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  // A failed send means that the client has gone, which the close event tells.
  return new Promise((resolve) => socket.send(message, () => resolve()));
}

/** A message as bytes, whatever form it arrived in. */
export function bytesOf(message: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(message)) return Buffer.concat(message);
  return Buffer.isBuffer(message) ? message : Buffer.from(message);
}
