import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, type Scope, scope, systemClock } from '@crownlabs/std';
import type { KeyStorage } from './authn/index.ts';
import { kubeconfigOf, type MachineCertificates, machineCertificates } from './certificates.ts';
import type { Listener } from './http/listen.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';

/** What the program `crownlabs apiserver` is told, with everything read from flags and files already. */
export interface ApiServerConfig extends Omit<ApiServerOptions, 'directory' | 'signingKey' | 'sealKey' | 'store'> {
  readonly dataDir: string;
  readonly bindAddress: string;
  /** 0 picks a free one. */
  readonly securePort: number;
  /** Names and addresses for the serving certificate, beside those of this machine's loopback. */
  readonly certificateNames?: readonly string[];
  /** PEM of further authorities whose client certificates are believed. */
  readonly clientCa?: string;
  readonly log: Logger;
}

/** A started program: the server, where it listens, and the administrator's kubeconfig. */
export interface RunningApiServer {
  readonly server: ApiServer;
  readonly listener: Listener;
  /** A file in the data directory, readable by its owner alone. */
  readonly kubeconfig: string;
  /** PEM of the authority by which clients know the server. */
  readonly ca: string;
}

/**
 * Runs an API server with everything it keeps in one data directory, until the signal aborts. `started` may add rooms to it
 * (controllers) and is given the scope that ends with the server.
 */
export async function runApiServer(
  config: ApiServerConfig,
  signal: AbortSignal,
  started: (running: RunningApiServer, owned: Scope) => void | Promise<void> = () => undefined,
): Promise<void> {
  await using owned = scope();
  const running = await startApiServer(config, owned);
  config.log.info('Kubernetes API is ready', { url: running.listener.url, kubeconfig: running.kubeconfig });
  await started(running, owned);
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Starts it; everything is released with `owned`. */
export async function startApiServer(config: ApiServerConfig, owned: Scope): Promise<RunningApiServer> {
  const { dataDir, bindAddress, securePort, certificateNames = [], clientCa, ...options } = config;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const keys = join(dataDir, 'keys');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const server = owned.use(
    await createApiServer({
      ...options,
      directory: join(dataDir, 'api'),
      sealKey: await sealKey(keys),
      signingKey: keyFile(join(keys, 'service-accounts.pem')),
    }),
  );
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...servingNames(bindAddress), ...certificateNames])];
  const certificates = await machineCertificates(join(keys, 'tls'), names, (config.clock ?? systemClock).now());
  const { key, cert } = certificates.serving;
  const authorities = clientCa === undefined ? certificates.ca : `${certificates.ca}\n${clientCa}`;
  const listener = await server.listen({ host: bindAddress, port: securePort, tls: { key, cert, clientCa: authorities } });
  return { server, listener, kubeconfig: await writeKubeconfig(dataDir, listener, certificates), ca: certificates.ca };
}

/** Names of the API inside a cluster, and the address that it is bound to. */
function servingNames(bindAddress: string): string[] {
  const anywhere = bindAddress === '0.0.0.0' || bindAddress === '::';
  return ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', ...(anywhere ? [] : [bindAddress])];
}

async function writeKubeconfig(dataDir: string, listener: Listener, { ca, admin }: MachineCertificates): Promise<string> {
  const host = listener.host === '0.0.0.0' || listener.host === '::' ? '127.0.0.1' : listener.host;
  const path = join(dataDir, 'admin.kubeconfig');
  await writePrivately(path, kubeconfigOf(`https://${host.includes(':') ? `[${host}]` : host}:${listener.port}`, ca, admin));
  return path;
}

/** The key that seals Secrets at rest: beside the database, never in it. */
async function sealKey(folder: string): Promise<Uint8Array> {
  const storage = keyFile(join(folder, 'seal.key'));
  const found = await storage.read();
  if (found !== undefined) return Buffer.from(found.trim(), 'base64');
  const made = randomBytes(32);
  await storage.write(`${made.toString('base64')}\n`);
  return made;
}

function keyFile(path: string): KeyStorage {
  return {
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write: (text) => writePrivately(path, text),
  };
}

/** Writes a whole file or nothing, readable by its owner alone. */
async function writePrivately(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}
