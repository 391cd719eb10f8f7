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
  const docker = new Dockerode({ socketPath });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), ANSWER_MS).unref();
  });
  try {
    const version = await Promise.race([docker.version(), late]);
    const podman = version.Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false;
    return {
      kind: podman ? 'podman' : 'docker',
      version: `${podman ? 'Podman' : 'Docker'} ${version.Version}`,
      socketPath,
      docker,
      ulimits,
    };
  } catch (error) {
    throw new LabError('ServiceUnavailable', `No container engine answers on ${socketPath}: ${messageOf(error)}`, { cause: error });
  }
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
