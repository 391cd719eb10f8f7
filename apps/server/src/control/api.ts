import {
  type ApiServer,
  createApiServer,
  kubeconfigOf,
  type LocalGroup,
  type MachineCertificates,
  machineCertificates,
} from '@crownlabs/apiserver';
import { clusterRoleBindings, createClient, type KubeClient, type Transport } from '@crownlabs/client';
import type { Identity } from '@crownlabs/identity';
import { type AdmissionHandlers, installManifests, type OperatorsConfig } from '@crownlabs/operators';
import { type Logger, type Scope, systemClock } from '@crownlabs/std';
import { issuerDocuments } from '../issuer-documents.ts';
import { keyStorage, secretFile, writePrivate } from '../key-files.ts';
import { placesBelow, type Resolved } from '../resolved-config.ts';
import { resourceMetrics } from '../resource-metrics.ts';
import { BOOTSTRAP, CLIENT_ID, GROUPS_PREFIX } from '../room-identities.ts';
import type { MetricsSource } from '../usage-sampler.ts';
import { installMachine, MACHINE_ADMIN } from './machine-manifests.ts';

/** What the API of an installation is opened with. */
export interface ApiParts {
  readonly config: Resolved;
  readonly admission: AdmissionHandlers;
  /** Asked when a token of our own issuer is checked. */
  readonly identity: () => Identity | undefined;
  /** Asked for what pods and the machine use. */
  readonly metrics: () => MetricsSource | undefined;
  /** What the controllers count, in the text form of Prometheus. */
  readonly counted: () => Promise<string>;
  /** Groups that other rooms serve. */
  readonly localGroups: readonly LocalGroup[];
  readonly log: Logger;
}

/** Opens the API on the data directory. It does not listen yet. */
export async function openApi(
  { config, admission, identity, metrics, counted, localGroups, log }: ApiParts,
  owned: Scope,
): Promise<ApiServer> {
  const places = placesBelow(config.dataDir);
  const issuer = `${config.publicURL}/oidc`;
  return owned.use(
    await createApiServer({
      directory: places.log,
      sealKey: await secretFile(`${places.pki}/seal.key`, 32),
      signingKey: keyStorage(places.pki),
      oidc: [
        {
          issuerUrl: issuer,
          clientIds: [CLIENT_ID],
          usernameClaim: 'preferred_username',
          usernamePrefix: '-',
          groupsClaim: 'groups',
          groupsPrefix: GROUPS_PREFIX,
          fetch: issuerDocuments(issuer, identity),
        },
      ],
      admission: { handlers: admission.byService, podSecurity: { enforce: 'baseline' } },
      localGroups: [resourceMetrics(metrics, systemClock), ...localGroups],
      moreMetrics: counted,
      clock: systemClock,
      log,
    }),
  );
}

/** Installs what the lab consists of, or corrects what differs from what this version wants. */
export async function installLab(server: ApiServer, operators: OperatorsConfig): Promise<void> {
  const bootstrap = clientOf(server.transport(BOOTSTRAP), 'bootstrap');
  await installManifests(bootstrap, { config: operators });
  await installMachine(bootstrap);
}

/** Whether the lab was installed before, to its last piece: then people can sign in before it is looked over again. */
export async function isLabInstalled(server: ApiServer): Promise<boolean> {
  const last = await clientOf(server.transport(BOOTSTRAP), 'bootstrap').find(clusterRoleBindings, MACHINE_ADMIN);
  return last !== undefined;
}

/** What the API proves itself with. */
export function certificatesOf(config: Resolved): Promise<MachineCertificates> {
  const names = ['localhost', 'kubernetes', 'kubernetes.default.svc', '127.0.0.1'];
  return machineCertificates(placesBelow(config.dataDir).pki, names, systemClock.now());
}

/** Opens the API's port on loopback and writes what kubectl and the edge need to trust it. */
export async function serveApi(server: ApiServer, certificates: MachineCertificates, config: Resolved, owned: Scope): Promise<void> {
  const places = placesBelow(config.dataDir);
  const { key, cert } = certificates.serving;
  const listener = owned.use(
    await server.listen({ host: '127.0.0.1', port: config.apiPort, tls: { key, cert, clientCa: certificates.ca } }),
  );
  await writePrivate(places.adminKubeconfig, kubeconfigOf(listener.url, certificates.ca, certificates.admin));
  await writePrivate(places.edge.ca, certificates.ca, config.edgeUser);
}

/** A client of a room over the in-process transport. */
export function clientOf(transport: Transport, room: string): KubeClient {
  return createClient(transport, { fieldManager: room, userAgent: `crownlabs-${room}` });
}
