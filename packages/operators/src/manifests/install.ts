import { crds, GROUP_PREFIX, LABEL, MYDRIVE_NAMESPACE, USE_NAMESPACE } from '@crownlabs/api';
import {
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  type Kube,
  type KubeClient,
  namespaces,
  serviceAccounts,
} from '@crownlabs/client';
import { type Clock, hasCode, LabError, systemClock } from '@crownlabs/std';
import type { ClusterRole } from 'kubernetes-types/rbac/v1.js';
import { type WebhookReach, webhookConfigurations } from '../admission/configurations.ts';
import { SYSTEM_NAMESPACE } from '../admission/handlers.ts';
import type { OperatorsConfig } from '../config.ts';
import { Converger, type Piece, piece, type Wanted } from '../converge.ts';
import { bindEverywhere, RBAC_GROUP } from './bindings.ts';
import { peopleRoles } from './cluster-roles.ts';
import { managedBy } from './labels.ts';
import { ROOM_RULES, roomRoles } from './rooms.ts';
import { sandboxPolicyPieces } from './sandbox-policies.ts';
import { useReportPieces } from './use-reports.ts';

/** All ClusterRoles that the lab needs, for people and for rooms. */
export function labClusterRoles(): Wanted<Kube<ClusterRole>>[] {
  return [...peopleRoles(), ...roomRoles()];
}

/** Namespaces, accounts, roles and bindings: the lab without its kinds and webhooks. */
export function labManifests(): Piece[] {
  const everybody = { kind: 'Group', name: 'system:authenticated' } as const;
  const bind = (role: string) =>
    piece(clusterRoleBindings, bindEverywhere({ name: role, labels: managedBy('operators') }, role, everybody));
  const admin = { kind: 'Group', name: `${GROUP_PREFIX}admin` } as const;
  return [
    // The doors are in there, and from there they reach environments.
    namespacePiece(SYSTEM_NAMESPACE, { [LABEL.allowInstanceAccess]: 'true' }),
    namespacePiece(MYDRIVE_NAMESPACE),
    namespacePiece(USE_NAMESPACE),
    ...labClusterRoles().map((role) => piece(clusterRoles, role)),
    bind('crownlabs-view-workspaces'),
    bind('crownlabs-view-image-lists'),
    piece(clusterRoleBindings, bindEverywhere({ name: 'crownlabs-admin', labels: managedBy('operators') }, 'crownlabs-admin', admin)),
    ...Object.keys(ROOM_RULES).flatMap(roomPieces),
    ...useReportPieces(),
    ...sandboxPolicyPieces(),
  ];
}

function namespacePiece(name: string, labels: Readonly<Record<string, string>> = {}): Piece {
  return piece(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: managedBy('operators', labels) } });
}

function roomPieces(room: string): Piece[] {
  const name = `crownlabs-${room}`;
  return [
    piece(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: room, namespace: SYSTEM_NAMESPACE, labels: managedBy('operators') },
    }),
    piece(clusterRoleBindings, {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels: managedBy('operators') },
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: room, namespace: SYSTEM_NAMESPACE }],
    }),
  ];
}

/** How the lab is installed. */
export interface InstallOptions {
  readonly config: OperatorsConfig;
  readonly webhooks?: WebhookReach | 'none';
  readonly clock?: Clock;
}

/** Installs kinds, roles, accounts and webhooks, as whoever `client` is (an administrator). Doing it again corrects what differs. */
export async function installManifests(
  client: KubeClient,
  { config, webhooks = { by: 'handlers' }, clock = systemClock }: InstallOptions,
): Promise<void> {
  const converger = new Converger(client, new Map());
  const pieces = labManifests();
  const areNamespaces = ({ resource }: Piece) => resource.kind === 'Namespace';
  await converger.ensureAll(pieces.filter(areNamespaces));
  const rest = pieces.filter((it) => !areNamespaces(it));
  await Promise.all([installKinds(client, clock), converger.ensureAll(rest)]);
  if (webhooks !== 'none') await installWebhooks(client, config, webhooks);
}

/** Installs the CustomResourceDefinitions and waits until they are served. */
export async function installKinds(client: KubeClient, clock: Clock = systemClock): Promise<void> {
  await new Converger(client, new Map()).ensureAll(crds().map((crd) => piece(customResourceDefinitions, crd as never)));
  await established(client, clock);
}

/** Makes the API ask our webhooks. */
export async function installWebhooks(client: KubeClient, config: OperatorsConfig, reach: WebhookReach): Promise<void> {
  await new Converger(client, new Map()).ensureAll(webhookConfigurations(config, reach));
}

/** Installs namespaces, accounts, roles and bindings as far as `client` may; resolves to what it may not, by name. */
export async function installWhatIsAllowed(client: KubeClient): Promise<string[]> {
  const converger = new Converger(client, new Map());
  const refused: string[] = [];
  for (const one of labManifests()) {
    await converger.ensure(one).catch((error: unknown) => {
      if (!hasCode(error, 'Forbidden')) throw error;
      refused.push(`${one.resource.kind} ${one.object.metadata.name}`);
    });
  }
  return refused;
}

/** A CRD is served a moment after it was written. */
async function established(client: KubeClient, clock: Clock): Promise<void> {
  const deadline = clock.now() + 30_000;
  for (const { metadata } of crds()) {
    while (!(await isEstablished(client, metadata.name))) {
      if (clock.now() > deadline) throw new LabError('Timeout', `the kind ${metadata.name} is not served after 30 seconds`);
      await clock.sleep(20);
    }
  }
}

async function isEstablished(client: KubeClient, name: string): Promise<boolean> {
  const { status } = await client.get(customResourceDefinitions, name);
  return status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True') === true;
}
