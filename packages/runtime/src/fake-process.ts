import type { Duplex } from 'node:stream';
import type { ContainerSpec, ExecRequest, PodRef } from './runtime.ts';

/** What a fake program sees of its world. */
export interface FakeProcess {
  readonly pod: PodRef;
  readonly spec: ContainerSpec;
  print(text: string): void;
  printError(text: string): void;
  /** Answers connections to `port`, or to every port that has no answer of its own. */
  listen(port: number | 'any', answer: (socket: Duplex) => void): void;
  /** Aborts when the container is asked to stop. */
  readonly stopping: AbortSignal;
}

/** A program: resolves with its exit code. */
export type FakeProgram = (process: FakeProcess) => Promise<number>;

/** What a fake command prints and how it ends. */
export interface FakeExecResult {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode: number;
}

/** Answers exec; `input` is all that was written to stdin until it ended, where stdin is asked for. */
export type FakeExec = (process: FakeProcess, request: ExecRequest, input: Promise<string>) => Promise<FakeExecResult>;

/** Resolves with `code` once the container is asked to stop. */
export function untilStopped(process: FakeProcess, code = 0): Promise<number> {
  if (process.stopping.aborted) return Promise.resolve(code);
  return new Promise((resolve) => process.stopping.addEventListener('abort', () => resolve(code), { once: true }));
}

/** Serves like an environment: an RFB banner on port 5900, status 200 to HTTP on every other port; runs until it is stopped. */
export const environment: FakeProgram = (process) => {
  process.listen(5900, (socket) => void socket.write('RFB 003.008\n'));
  process.listen('any', (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'));
  });
  return untilStopped(process);
};

/**
 * A small shell, so that one test can speak to the fake and to a real container alike:
 * `sleep`, `say TEXT CODE`, `complain TEXT CODE`, `serve PORT TEXT`, `whoami`, `getenv NAME`.
 */
export const shell: FakeProgram = async (process) => {
  const [verb, first = '', second = '0'] = process.spec.command ?? ['sleep'];
  if (verb === 'say') process.print(`${first}\n`);
  if (verb === 'complain') process.printError(`${first}\n`);
  if (verb === 'say' || verb === 'complain') return Number(second);
  if (verb === 'serve') process.listen(Number(first), (socket) => void socket.write(second));
  return untilStopped(process, 137);
};

/** Commands for {@link shell} containers. */
export const shellExec: FakeExec = async (process, request, input) => {
  const [verb, first = '', second = '0'] = request.command;
  if (verb === 'say') return { stdout: `${first}\n`, exitCode: Number(second) };
  if (verb === 'complain') return { stderr: `${first}\n`, exitCode: Number(second) };
  if (verb === 'whoami') return { stdout: `${process.spec.security.user?.uid ?? 0}\n`, exitCode: 0 };
  if (verb === 'getenv') return { stdout: `${new Map(process.spec.env).get(first) ?? ''}\n`, exitCode: 0 };
  if (verb === 'cat') return { stdout: await input, exitCode: 0 };
  return { stderr: `${verb}: not found\n`, exitCode: 127 };
};
