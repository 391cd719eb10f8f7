import type { WebSocket } from 'ws';

const FAREWELL_MS = 500;

/** Says farewell, and hangs up on whoever does not answer it: a right that was lost must not live on in the closing. */
export function closeFirmly(ws: WebSocket, code: number, reason: string): void {
  ws.close(code, reason);
  const timer = setTimeout(() => ws.terminate(), FAREWELL_MS);
  ws.once('close', () => clearTimeout(timer));
}
