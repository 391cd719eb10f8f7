import {
  configMaps,
  informer,
  type KubeClient,
  type KubeObject,
  namespaces,
  type Resource,
  secrets,
  serviceAccounts,
} from '@crownlabs/client';
import { type Controller, controller, type Reconcile, watched } from '@crownlabs/controller';
import { hasCode } from '@crownlabs/std';
import type { Cluster } from '../cluster.ts';

const ROOT_CA = 'kube-root-ca.crt';
const ROOT_CA_WORDS =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or ' +
  'kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';
const DEFAULT = 'default';
const TOKEN_TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
// The longest that a token may live: such a Secret is meant to hold until it is deleted.
const TOKEN_SECONDS = 2 ** 32;
const WORKERS = 8;

/** Which of the two the controller gives to namespaces. */
export interface AccountParts {
  readonly account: boolean;
  /** PEM; undefined: certificates are somebody else's. */
  readonly rootCa: string | undefined;
}

/** Gives every namespace its default service account and the certificate by which its pods know the API. */
export function accountController(cluster: Cluster, parts: AccountParts): Controller {
  const { client, log, clock, signal } = cluster;
  const live = informer(client, namespaces, { clock, log }, signal);
  const accounts = informer(client, serviceAccounts, { fieldSelector: `metadata.name=${DEFAULT}`, clock, log }, signal);
  const certificates = informer(client, configMaps, { fieldSelector: `metadata.name=${ROOT_CA}`, clock, log }, signal);
  const ofNamespace = ({ metadata }: KubeObject) => [{ name: metadata.namespace ?? '' }];
  const reconcile: Reconcile = async ({ name }) => {
    const namespace = live.get(name);
    if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return undefined;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: DEFAULT, namespace: name } };
    if (parts.account && !accounts.get(DEFAULT, name)) await createOnce(client, serviceAccounts, account);
    if (parts.rootCa === undefined) return undefined;
    const { rootCa } = parts;
    const found = certificates.get(ROOT_CA, name);
    const data = { 'ca.crt': rootCa };
    const metadata = { name: ROOT_CA, namespace: name, annotations: { 'kubernetes.io/description': ROOT_CA_WORDS } };
    const certificate = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    if (!found) await createOnce(client, configMaps, certificate);
    else if (found.data?.['ca.crt'] !== rootCa) await client.patch(configMaps, ROOT_CA, name, { data });
    return undefined;
  };
  return controller({
    name: 'service-account',
    reconcile,
    sources: [watched(live), watched(accounts, { when: (now) => !now, keys: ofNamespace }), watched(certificates, { keys: ofNamespace })],
    workers: WORKERS,
    log,
    clock,
  });
}

async function createOnce<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: Omit<T, 'metadata'> & { metadata: Record<string, unknown> },
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    // There already, or the namespace is going: both end the matter.
    if (!hasCode(error, 'AlreadyExists', 'NotFound', 'Forbidden')) throw error;
  }
}

/** Fills Secrets that ask for the token of an account, and deletes those whose account is gone. */
export function tokenSecretController(cluster: Cluster, rootCa: string): Controller {
  const { client, log, clock, signal } = cluster;
  const live = informer(client, secrets, { fieldSelector: `type=${TOKEN_TYPE}`, clock, log }, signal);
  const accounts = informer(client, serviceAccounts, { clock, log }, signal);
  const uidOf = async (name: string, namespace: string) =>
    (accounts.get(name, namespace) ?? (await client.find(serviceAccounts, name, namespace)))?.metadata.uid;
  const reconcile: Reconcile = async ({ name, namespace = '' }) => {
    const secret = live.get(name, namespace);
    if (!secret || secret.metadata.deletionTimestamp !== undefined) return undefined;
    const { [ACCOUNT]: accountName = '', [ACCOUNT_UID]: known } = secret.metadata.annotations ?? {};
    const uid = await uidOf(accountName, namespace);
    if (uid === undefined || (known ?? uid) !== uid) await deleteSecret(client, secret);
    else if (known === undefined || !secret.data?.['token']) await fillSecret(client, secret, { accountName, uid, rootCa });
    return undefined;
  };
  const secretsOf = ({ metadata }: KubeObject) =>
    live
      .list()
      .filter((secret) => secret.metadata.namespace === metadata.namespace && secret.metadata.annotations?.[ACCOUNT] === metadata.name)
      .map((secret) => ({ name: secret.metadata.name, namespace: secret.metadata.namespace ?? '' }));
  return controller({ name: 'token-secret', reconcile, sources: [watched(live), watched(accounts, { keys: secretsOf })], log, clock });
}

async function deleteSecret(client: KubeClient, { metadata: { name, namespace, uid } }: KubeObject): Promise<void> {
  await client.delete(secrets, name, namespace, uid === undefined ? {} : { uid });
}

async function fillSecret(client: KubeClient, secret: KubeObject, of: { accountName: string; uid: string; rootCa: string }): Promise<void> {
  const { name, namespace = '', uid = '' } = secret.metadata;
  const token = await requestToken(client, { name, namespace, uid }, of.accountName);
  const data = { token: encode(token), namespace: encode(namespace), 'ca.crt': encode(of.rootCa) };
  await client.patch(secrets, name, namespace, { metadata: { annotations: { [ACCOUNT_UID]: of.uid } }, data });
}

async function requestToken(
  client: KubeClient,
  secret: { name: string; namespace: string; uid: string },
  account: string,
): Promise<string> {
  const answer = await client.raw('POST', `/api/v1/namespaces/${secret.namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: TOKEN_SECONDS, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: secret.name, uid: secret.uid } },
  });
  // The border: the API answers a TokenRequest with one.
  return (answer as { status: { token: string } }).status.token;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
