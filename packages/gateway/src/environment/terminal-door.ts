import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UseReports } from '@crownlabs/auth';
import { type Clock, LabError, type Logger, messageOf } from '@crownlabs/std';
import { type WebSocket, WebSocketServer } from 'ws';
import { closeFirmly } from '../http/close-firmly.ts';
import type { Session } from '../session/sessions.ts';
import type { Connections } from './connections.ts';
import type { EnvironmentKey, EnvironmentPod, Environments } from './environments.ts';
import { MachineConsoles, type OpenMachine } from './machine-console.ts';
import type { Exec, Shell } from './shell.ts';

/** Parts of the door to terminals. */
export interface TerminalDoorOptions {
  readonly environments: Environments;
  readonly connections: Connections;
  readonly exec: Exec;
  readonly machines: OpenMachine;
  readonly uses: Pick<UseReports, 'used'>;
  readonly clock: Clock;
  readonly log: Logger;
}

// A login shell, so that the environment's own set-up of it applies; a plain one where there is no other. It begins at home, as people expect.
const LOGIN = [
  '/bin/sh',
  '-c',
  'export TERM=xterm-256color; cd 2>/dev/null || cd /; if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi',
];
const LONGEST_WAIT_MS = 60_000;
const HIGH_WATER = 512 * 1024;
const CLOSE = { done: 1000, signedOut: 4401, revoked: 4403, unreachable: 4503, protocol: 1003 };

/** `/api/terminal/<namespace>/<instance>/<env>`: a shell, or the serial console of a machine. Binary messages are bytes both ways, text messages are JSON. */
export class TerminalDoor {
  readonly #options: TerminalDoorOptions;
  readonly #consoles: MachineConsoles;
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 256 * 1024 });

  constructor(options: TerminalDoorOptions) {
    this.#options = options;
    this.#consoles = new MachineConsoles(options.machines, options.clock);
  }

  async upgrade(session: Session, key: EnvironmentKey, near: { request: IncomingMessage; socket: Duplex; head: Buffer }): Promise<void> {
    const { environments, connections, uses, log } = this.#options;
    // The right first: a stranger must not learn what exists.
    await connections.demand(session, 'terminal', key);
    const instance = environments.instance(key);
    if (!environments.has(instance, key.environment)) throw new LabError('NotFound', 'There is no such environment.');
    this.#server.handleUpgrade(near.request, near.socket, near.head, (ws) => {
      const closed = new AbortController();
      const close = (why: 'signed-out' | 'revoked') => {
        // The shell ends at once, whatever the far side does with our farewell.
        closed.abort(new LabError('Forbidden', why));
        if (why === 'revoked') closeFirmly(ws, CLOSE.revoked, 'You may no longer use this terminal.');
        else closeFirmly(ws, CLOSE.signedOut, 'You are signed out.');
      };
      connections.track(session, { action: 'terminal', key, close }, near.socket);
      uses.used(instance);
      // What is typed; a window that changes its size is nobody at work.
      ws.on('message', (_data, binary) => binary && uses.used(instance));
      log.info('Terminal opened', { person: session.person.name, instance: key.name, environment: key.environment });
      void this.#run({ ws, socket: near.socket, closed }, key);
    });
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
  }

  async #run({ ws, socket, closed }: { ws: WebSocket; socket: Duplex; closed: AbortController }, key: EnvironmentKey): Promise<void> {
    const { environments, log } = this.#options;
    ws.once('close', () => closed.abort(new LabError('Expired', 'The terminal was closed.')));
    ws.on('error', () => undefined);
    // What is typed before the shell is there must not be lost: many people type ahead.
    ws.pause();
    try {
      const patience = AbortSignal.timeout(LONGEST_WAIT_MS);
      const pod = await environments.podWhenThere(key, AbortSignal.any([closed.signal, patience]));
      const signal = AbortSignal.any([closed.signal, pod.gone]);
      const shell = await this.#shell(pod, signal, patience);
      await talk({ ws, socket, shell, pod, signal });
    } catch (error) {
      if (closed.signal.aborted) return;
      log.warn('Terminal ended', { instance: key.name, environment: key.environment, error: messageOf(error) });
      ws.close(CLOSE.unreachable, 'The environment does not answer.');
    }
  }

  #shell(pod: EnvironmentPod, signal: AbortSignal, patience: AbortSignal): Promise<Shell> {
    if (pod.machine) return this.#consoles.join(pod, signal, patience);
    return this.#options.exec(pod, { container: pod.container, command: LOGIN, tty: true, stdin: true }, signal);
  }
}

interface Talk {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  readonly shell: Shell;
  readonly pod: EnvironmentPod;
  readonly signal: AbortSignal;
}

async function talk({ ws, socket, shell, pod, signal }: Talk): Promise<void> {
  ws.on('message', (data, binary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data as ArrayBuffer);
    if (signal.aborted) return;
    if (!binary) {
      control(shell, bytes.toString('utf8')).catch(() => ws.close(CLOSE.protocol, 'Not a control message.'));
    } else if (!shell.stdin.write(bytes)) {
      ws.pause();
      shell.stdin.once('drain', () => ws.resume());
    }
  });
  ws.once('close', () => shell.stdin.end());
  shell.stdin.on('error', () => undefined);
  pod.gone.addEventListener('abort', () => ws.close(CLOSE.unreachable, 'The environment was stopped.'), { once: true });
  ws.resume();
  for await (const bytes of shell.stdout) {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(bytes, { binary: true });
    if (socket.writableLength > HIGH_WATER) await drained(socket);
  }
  ws.send(JSON.stringify({ type: 'exit', code: await shell.exited }));
  ws.close(CLOSE.done);
}

async function control(shell: Shell, text: string): Promise<void> {
  const message: unknown = JSON.parse(text);
  const { type, cols, rows } = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
  const sane = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) <= 1000;
  if (type !== 'resize' || !sane(cols) || !sane(rows)) throw new LabError('BadRequest', 'Not a control message.');
  await shell.resize(cols, rows);
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
}
