import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Runtime } from '@crownlabs/runtime';
import { LabError, messageOf } from '@crownlabs/std';
import type { Probe } from 'kubernetes-types/core/v1.js';
import type { Container } from './pod.ts';

/** What was probed. */
export interface ProbeTarget {
  readonly runtime: Pick<Runtime, 'dial' | 'exec'>;
  readonly podUid: string;
  readonly containerId: string;
  readonly container: Container;
}

/** Asks once. Throws, with the reason, when the answer is not good or does not come in time. */
export async function probeOnce(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)]);
  try {
    await ask(probe, target, limit);
  } catch (error) {
    if (!signal.aborted && limit.aborted)
      throw new LabError('Timeout', `no answer within ${probe.timeoutSeconds ?? 1} s`, { cause: error });
    throw error;
  }
}

async function ask({ exec, httpGet, tcpSocket }: Probe, target: ProbeTarget, signal: AbortSignal): Promise<void> {
  const { runtime, podUid, containerId } = target;
  if (exec) {
    const command = await runtime.exec(containerId, { command: exec.command ?? [], tty: false, stdin: false }, signal);
    const code = await within(command.exited, signal);
    if (code !== 0) throw new LabError('ServiceUnavailable', `the command ended with ${code}`);
    return;
  }
  const port = portOf(target.container, (httpGet ?? tcpSocket)?.port);
  if (port === undefined) throw new LabError('Invalid', 'the probe is of a kind that this node does not know');
  const socket = await runtime.dial(podUid, port, signal);
  try {
    if (httpGet) await askHttp(httpGet, socket, signal);
  } finally {
    socket.destroy();
  }
}

/** A port by number, or by the name that the container gives it. */
export function portOf(container: Container, port: unknown): number | undefined {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}

async function askHttp(httpGet: NonNullable<Probe['httpGet']>, socket: Duplex, signal: AbortSignal): Promise<void> {
  // As a kubelet does: a probe is no visitor whom a certificate must convince.
  const wire = httpGet.scheme === 'HTTPS' ? connectTls({ socket, rejectUnauthorized: false }) : socket;
  const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const status = await new Promise<number>((resolve, reject) => {
    const asked = request({
      method: 'GET',
      path: httpGet.path || '/',
      headers: { host: httpGet.host ?? 'localhost', 'user-agent': 'kube-probe/crownlabs', accept: '*/*', connection: 'close', ...headers },
      createConnection: () => wire,
      signal,
    });
    asked.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('error', reject);
    asked.end();
  });
  if (status < 200 || status >= 400) throw new LabError('ServiceUnavailable', `the answer was HTTP ${status}`);
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new LabError('Timeout', messageOf(signal.reason)));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
