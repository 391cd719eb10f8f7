import { request } from 'node:http';
import { LabError, messageOf } from '@crownlabs/std';
import Dockerode from 'dockerode';

/** An engine that answers. */
export interface Engine {
  readonly kind: 'podman' | 'docker';
  /** For people: `Podman 4.3.1`. */
  readonly version: string;
  readonly socketPath: string;
  readonly docker: Dockerode;
  /** Ulimits for every container; empty where the engine's own are right. */
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
}

const ANSWER_MS = 5_000;

/** Asks the socket who it is; Unavailable when nobody answers like a Docker Engine API. */
export async function connectEngine(socketPath: string, ulimits: Engine['ulimits'] = []): Promise<Engine> {
  try {
    // `version` would make Podman run two programs to ask them for theirs; a ping says in its headers all that we need.
    const server = await ping(socketPath);
    const [, podman, version = ''] = /^(Libpod|Docker)\/(\S+)/.exec(server) ?? [];
    const kind = podman === 'Libpod' ? 'podman' : 'docker';
    const name = kind === 'podman' ? 'Podman' : 'Docker';
    return { kind, version: `${name} ${version}`.trim(), socketPath, docker: new Dockerode({ socketPath }), ulimits };
  } catch (error) {
    throw new LabError('ServiceUnavailable', `No container engine answers on ${socketPath}: ${messageOf(error)}`, { cause: error });
  }
}

function ping(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/_ping', timeout: ANSWER_MS }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(String(response.headers['server'] ?? ''));
      else reject(new Error(`it answered ${response.statusCode}`));
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', reject).end();
  });
}

interface EngineFailure {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly json?: unknown;
}

/** Turns what dockerode throws into our one error, in words that say what to do. */
export function engineError(error: unknown, doing: string): LabError {
  if (error instanceof LabError) return error;
  const { statusCode, code } = typeof error === 'object' && error !== null ? (error as EngineFailure) : {};
  const text = messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim();
  if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET' || code === 'EPIPE') {
    return new LabError('ServiceUnavailable', `${doing}: the container engine does not answer (${code}).`, { cause: error });
  }
  if (/no space left on device/i.test(text)) {
    return new LabError('InternalError', `${doing}: the disk is full. Remove unused images with "crownlabs image prune" or free space.`, {
      cause: error,
    });
  }
  if (statusCode === 404) return new LabError('NotFound', `${doing}: ${text}`, { cause: error });
  if (statusCode === 409) return new LabError('Conflict', `${doing}: ${text}`, { cause: error });
  return new LabError('InternalError', `${doing}: ${text}`, { cause: error });
}

/** Awaits an engine call and gives its failure a name. */
export async function engineCall<T>(doing: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw engineError(error, doing);
  }
}

/** Like {@link engineCall}; `undefined` where the engine has no such thing, or it is already as wished (304). */
export async function engineTry<T>(doing: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const status = typeof error === 'object' && error !== null ? (error as EngineFailure).statusCode : undefined;
    if (status === 404 || status === 304) return undefined;
    throw engineError(error, doing);
  }
}
