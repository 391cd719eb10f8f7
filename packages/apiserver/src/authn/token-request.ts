import { LabError, rfc3339 } from '@crownlabs/std';
import type { VirtualHandler } from '../authz/index.ts';
import type { AdmissionCall } from '../call.ts';
import type { Json, JsonObject } from '../json.ts';
import { numberAt, objectAt, textAt, textsAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { conflict, invalid, notFound } from '../status-error.ts';
import type { BoundObject, ServiceAccountTokens } from './service-account-tokens.ts';

const GROUP = 'authentication.k8s.io';
const KIND = { group: GROUP, kind: 'TokenRequest' };
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;

/** `POST serviceaccounts/<name>/token`. `audiences` are the server's own, for requests that name none. */
export function tokenRequests(tokens: ServiceAccountTokens, reader: ObjectReader, audiences: readonly string[]): VirtualHandler {
  return { ...KIND, resource: 'serviceaccounts/token', create: (call) => create({ tokens, reader, audiences }, call) };
}

interface TokenRequests {
  readonly tokens: ServiceAccountTokens;
  readonly reader: ObjectReader;
  readonly audiences: readonly string[];
}

async function create({ tokens, reader, audiences: own }: TokenRequests, call: AdmissionCall): Promise<JsonObject> {
  const { namespace, name } = call;
  const metadata = objectAt(call.object, 'metadata') ?? {};
  demandName(metadata, name);
  const account = reader.get({ group: '', plural: 'serviceaccounts' }, name, namespace);
  if (!account) throw notFound({ group: '', plural: 'serviceaccounts', kind: 'ServiceAccount' }, name);
  const spec = objectAt(call.object, 'spec');
  const seconds = numberAt(spec, 'expirationSeconds') ?? DEFAULT_SECONDS;
  checkSeconds(seconds);
  const asked = textsAt(spec, 'audiences');
  const audiences = asked.length > 0 ? asked : [...own];
  const reference = objectAt(spec, 'boundObjectRef');
  const bound = reference ? boundObjects(reader, call, reference) : [];
  const uid = textAt(account, 'metadata', 'uid');
  demandUid(metadata, name, uid);
  const serviceAccount = { name, uid };
  const { token, expires } = await tokens.issue({ namespace, serviceAccount, audiences, seconds, bound });
  return {
    ...call.object,
    metadata: { ...metadata, name, namespace, uid, creationTimestamp: rfc3339(expires - seconds * 1000) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: (reference ?? null) satisfies Json },
    status: { token, expirationTimestamp: rfc3339(expires) },
  };
}

/** What the body says of the account must be so; the namespace was compared before. */
function demandName(metadata: JsonObject, name: string): void {
  const said = textAt(metadata, 'name');
  if (said === '' || said === name) return;
  const message = `Invalid value: ${JSON.stringify(said)}: must match the service account name if specified`;
  throw invalid(KIND, name, [{ type: 'FieldValueInvalid', field: 'metadata.name', message }]);
}

function demandUid(metadata: JsonObject, name: string, uid: string): void {
  const said = textAt(metadata, 'uid');
  if (said === '' || said === uid) return;
  const why = `the UID in the token request (${said}) does not match the UID of the service account (${uid})`;
  throw conflict({ group: GROUP, plural: KIND.kind, kind: KIND.kind }, name, why);
}

function checkSeconds(seconds: number): void {
  const wrong = (why: string) =>
    invalid(KIND, '', [{ type: 'FieldValueInvalid', field: 'spec.expirationSeconds', message: `Invalid value: ${seconds}: ${why}` }]);
  if (seconds < LEAST_SECONDS) throw wrong('may not specify a duration less than 10 minutes');
  if (seconds > MOST_SECONDS) throw wrong('may not specify a duration larger than 2^32 seconds');
}

const BINDABLE: Readonly<Record<string, { claim: BoundObject['claim']; plural: string; namespaced: boolean }>> = {
  Pod: { claim: 'pod', plural: 'pods', namespaced: true },
  Secret: { claim: 'secret', plural: 'secrets', namespaced: true },
  Node: { claim: 'node', plural: 'nodes', namespaced: false },
};

function boundObjects(reader: ObjectReader, call: AdmissionCall, reference: JsonObject): BoundObject[] {
  const kind = textAt(reference, 'kind');
  const apiVersion = textAt(reference, 'apiVersion');
  const known = ['', 'v1'].includes(apiVersion) && Object.hasOwn(BINDABLE, kind) ? BINDABLE[kind] : undefined;
  if (!known) {
    const [version, group = ''] = apiVersion.split('/').toReversed();
    throw new LabError('BadRequest', `cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const name = textAt(reference, 'name');
  if (name === '') throw new LabError('BadRequest', 'Name parameter required.');
  const object = reader.get({ group: '', plural: known.plural }, name, known.namespaced ? call.namespace : undefined);
  if (!object) throw notFound({ group: '', plural: known.plural, kind }, name);
  const uid = textAt(object, 'metadata', 'uid');
  const asked = textAt(reference, 'uid');
  if (asked && asked !== uid) throw conflict({ group: '', plural: kind, kind }, name, recreated(asked));
  return [{ claim: known.claim, name, uid }, ...(kind === 'Pod' ? nodeOfPod(reader, call, object) : [])];
}

/** The node on which the pod runs, for information; refuses a pod of another account. */
function nodeOfPod(reader: ObjectReader, call: AdmissionCall, pod: JsonObject): BoundObject[] {
  const account = textAt(pod, 'spec', 'serviceAccountName') || 'default';
  if (account !== call.name) {
    throw new LabError(
      'BadRequest',
      `cannot bind token for serviceaccount "${call.name}" to pod running with different serviceaccount name.`,
    );
  }
  const name = textAt(pod, 'spec', 'nodeName');
  const uid = name && textAt(reader.get({ group: '', plural: 'nodes' }, name), 'metadata', 'uid');
  return name ? [{ claim: 'node', name, uid }] : [];
}

function recreated(uid: string): string {
  return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
}
