import { randomInt } from 'node:crypto';
import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, objectsAt, textAt, valueAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { forbidden } from '../status-error.ts';
import { createsPod } from './pod-defaults.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
// Kubernetes' own number: an hour, and a margin by which a token can be told from one with an expiry of somebody's choice.
const TOKEN_SECONDS = 3607;
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Every pod runs as a service account, and finds a token of it in a well-known place unless it declines. */
export function podServiceAccount(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: createsPod,
    mutate: (call) => {
      if (!call.object) return;
      const spec = ensureObject(call.object, 'spec');
      const name = textAt(spec, 'serviceAccountName') || 'default';
      spec['serviceAccountName'] = name;
      spec['serviceAccount'] = name;
      const account = lookUp(reader, call, name);
      if (mountsToken(spec, account)) addToken(spec);
      const secrets = objectsAt(account, 'imagePullSecrets');
      if (objectsAt(spec, 'imagePullSecrets').length === 0 && secrets.length > 0) spec['imagePullSecrets'] = structuredClone(secrets);
    },
  };
}

function lookUp(reader: ObjectReader, call: AdmissionCall, name: string): JsonObject {
  const account = reader.get({ group: '', plural: 'serviceaccounts' }, name, call.namespace);
  if (account) return account;
  throw forbidden(
    call.resource,
    call.name,
    `error looking up service account ${call.namespace}/${name}: serviceaccount "${name}" not found`,
  );
}

function mountsToken(spec: JsonObject, account: JsonObject): boolean {
  const wish = valueAt(spec, 'automountServiceAccountToken') ?? valueAt(account, 'automountServiceAccountToken');
  return wish !== false;
}

function addToken(spec: JsonObject): void {
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  const without = containers.filter(
    (container) => !objectsAt(container, 'volumeMounts').some((mount) => textAt(mount, 'mountPath') === MOUNT_PATH),
  );
  if (without.length === 0) return;
  const name = `kube-api-access-${Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
  for (const container of without) {
    container['volumeMounts'] = [...objectsAt(container, 'volumeMounts'), { name, mountPath: MOUNT_PATH, readOnly: true }];
  }
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ];
  spec['volumes'] = [...objectsAt(spec, 'volumes'), { name, projected: { defaultMode: 0o644, sources } }];
}
