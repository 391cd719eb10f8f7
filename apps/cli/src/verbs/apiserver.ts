import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { ADMISSION_PLUGINS, type ApiServerConfig, type AuthorizationMode, type RunningApiServer, runApiServer } from '@crownlabs/apiserver';
import { createClient } from '@crownlabs/client';
import { chosenControllers, type KubeControllerName, startKubeControllers } from '@crownlabs/kube-controllers';
import { leanAtRest } from '@crownlabs/server/lean-at-rest';
import { LabError, type Logger, logger, messageOf, type Scope } from '@crownlabs/std';
import type { ApiServerFlags } from '../apiserver-flags.ts';
import { oidcOf } from '../apiserver-oidc.ts';
import { say } from '../terminal.ts';

// kube-apiserver has it on; a server without a node and without tokens for pods is asked for more often, and one flag brings it.
const OFF_BY_DEFAULT = ['ServiceAccount'];
const CONTROLLERS_USER = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] };

/** Runs the Kubernetes API and its controllers, without the rest of CrownLabs, until it is interrupted. */
export async function apiserver(dataDir: string | undefined, flags: ApiServerFlags): Promise<void> {
  if (dataDir === undefined) throw new LabError('Invalid', '--data-dir says where the API keeps its objects; it is needed.');
  const controllers = chosenControllers(flags.controllers);
  const log = logger(({ level, message, fields }) => {
    if (level !== 'debug')
      process.stderr.write(`${level} ${message}${Object.keys(fields ?? {}).length ? ` ${JSON.stringify(fields)}` : ''}\n`);
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  leanAtRest();
  await runApiServer(await configOf(dataDir, flags, log), stop.signal, (running, owned) => {
    startControllers(running, { owned, log, controllers });
    say(`The Kubernetes API is at ${running.listener.url}`);
    say(`    kubectl --kubeconfig ${running.kubeconfig} get namespaces`);
  });
}

async function configOf(dataDir: string, flags: ApiServerFlags, log: Logger): Promise<ApiServerConfig> {
  const { securePort, bindAddress, serviceAccountIssuer } = flags;
  if (!Number.isInteger(securePort) || securePort < 0 || securePort > 65_535)
    throw new LabError('Invalid', '--secure-port is a number from 0 to 65535.');
  const tokenFile = await textOf('--token-auth-file', flags.tokenAuthFile);
  const clientCa = await textOf('--client-ca-file', flags.clientCaFile);
  const oidc = oidcOf(flags, await textOf('--oidc-ca-file', flags.oidcCaFile));
  return {
    dataDir,
    securePort,
    bindAddress,
    serviceAccountIssuer,
    authorizationMode: authorizationMode(flags.authorizationMode),
    admission: { without: pluginsLeftOut(flags), services: { cidr: flags.serviceClusterIpRange } },
    log,
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(clientCa === undefined ? {} : { clientCa }),
    ...(oidc === undefined ? {} : { oidc: [oidc] }),
  };
}

async function textOf(flag: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new LabError('NotFound', `${flag}: ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function authorizationMode(mode: string): AuthorizationMode {
  if (mode === 'RBAC' || mode === 'AlwaysAllow') return mode;
  throw new LabError('Invalid', `--authorization-mode is RBAC or AlwaysAllow, not ${mode}.`);
}

function pluginsLeftOut({ enableAdmissionPlugins: on, disableAdmissionPlugins: off }: ApiServerFlags): readonly string[] {
  const known: readonly string[] = ADMISSION_PLUGINS;
  const unknown = [...on, ...off].find((name) => !known.includes(name));
  if (unknown) throw new LabError('Invalid', `There is no admission plugin ${unknown}. There are ${known.join(', ')}.`);
  return [...OFF_BY_DEFAULT.filter((name) => !on.includes(name)), ...off];
}

interface Controlling {
  readonly owned: Scope;
  readonly log: Logger;
  readonly controllers: readonly KubeControllerName[];
}

function startControllers({ server, ca }: RunningApiServer, { owned, log, controllers }: Controlling): void {
  if (controllers.length === 0) return;
  const stop = new AbortController();
  const client = createClient(server.transport(CONTROLLERS_USER), { fieldManager: 'kube-controller-manager' });
  const { stopped } = startKubeControllers({ client, rootCa: ca, log, controllers }, stop.signal);
  owned.defer(() => {
    stop.abort();
    return stopped;
  });
}
