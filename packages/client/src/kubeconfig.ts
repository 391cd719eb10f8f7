import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { LabError } from '@crownlabs/std';
import { parse } from 'yaml';
import { type ApiEndpoint, httpTransport } from './http-transport.ts';
import type { Transport } from './transport.ts';

/** How to read a kubeconfig. */
export interface KubeconfigOptions {
  /** Absent: its `current-context`. */
  readonly context?: string;
  /** Where relative file names in it start. */
  readonly directory?: string;
}

interface Named {
  readonly name: string;
}

interface Cluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
}

interface User {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly (Named & { context?: { cluster?: string; user?: string } })[];
  readonly clusters?: readonly (Named & { cluster?: Cluster })[];
  readonly users?: readonly (Named & { user?: User })[];
}

/** What a kubeconfig (its text) says of where the API is and who we are. */
export function kubeconfigEndpoint(text: string, { context, directory = '.' }: KubeconfigOptions = {}): ApiEndpoint {
  const { cluster, user, userName } = chosen(readConfig(text), context);
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    const hint = 'use a token or a certificate';
    throw new LabError('BadRequest', `user ${userName} of the kubeconfig signs in by a plugin, which is not supported: ${hint}`);
  }
  const file = new ConfigFile(directory);
  const ca = file.text(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const serverName = cluster['tls-server-name'];
  return {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
    ...credentials(user, file),
  };
}

function chosen(config: Kubeconfig, wanted: string | undefined) {
  const name = wanted ?? config['current-context'];
  const context = config.contexts?.find((it) => it.name === name)?.context;
  if (!context) throw new LabError('BadRequest', `the kubeconfig has no context ${name ?? '(current-context is empty)'}`);
  const user = config.users?.find((it) => it.name === context.user)?.user ?? {};
  return { cluster: clusterOf(config, context.cluster), user, userName: context.user };
}

function clusterOf(config: Kubeconfig, name: string | undefined): Cluster & { server: string } {
  const cluster = config.clusters?.find((it) => it.name === name)?.cluster;
  const server = cluster?.server;
  if (server === undefined) throw new LabError('BadRequest', `the kubeconfig has no server for cluster ${name}`);
  return { ...cluster, server };
}

/** A transport to the API that a kubeconfig (its text) names. */
export function kubeconfigTransport(text: string, options?: KubeconfigOptions): Transport {
  return httpTransport(kubeconfigEndpoint(text, options));
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What a pod knows of its cluster's API. `host` and `port` are KUBERNETES_SERVICE_HOST and _PORT, read by the program. */
export function inClusterEndpoint({ host, port }: { host: string; port: string }): ApiEndpoint {
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    server: `https://${name}:${port}`,
    ca: readFileSync(join(SERVICE_ACCOUNT, 'ca.crt'), 'utf8'),
    tokenFile: join(SERVICE_ACCOUNT, 'token'),
  };
}

/** A transport from inside a pod to its cluster's API, as the pod's ServiceAccount. */
export function inClusterTransport(service: { host: string; port: string }): Transport {
  return httpTransport(inClusterEndpoint(service));
}

function readConfig(text: string): Kubeconfig {
  const config: unknown = parse(text);
  if (typeof config !== 'object' || config === null) throw new LabError('BadRequest', 'the kubeconfig is no YAML mapping');
  return config;
}

function credentials(user: User, file: ConfigFile): Partial<ApiEndpoint> {
  const cert = file.text(user['client-certificate-data'], user['client-certificate']);
  const key = file.text(user['client-key-data'], user['client-key']);
  return {
    ...(cert !== undefined && key !== undefined ? { clientCert: { cert, key } } : {}),
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(user.token === undefined && user.tokenFile !== undefined ? { tokenFile: file.path(user.tokenFile) } : {}),
  };
}

class ConfigFile {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  path(name: string): string {
    return isAbsolute(name) ? name : join(this.#directory, name);
  }

  /** Data in the file itself wins over a file it names, as with kubectl. */
  text(data: string | undefined, name: string | undefined): string | undefined {
    if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
    return name === undefined || name === '' ? undefined : readFileSync(this.path(name), 'utf8');
  }
}
