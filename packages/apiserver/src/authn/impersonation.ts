import { LabError } from '@crownlabs/std';
import { refusal, resourceAttributes } from '../authz/index.ts';
import type { Authorizer, RequestAttributes } from '../call.ts';
import { forbidden } from '../status-error.ts';
import type { UserInfo } from '../user.ts';
import { authenticated } from './authenticator.ts';
import { readServiceAccountName, serviceAccountUser } from './identity.ts';

const AUTHENTICATION = 'authentication.k8s.io';
const EXTRA_PREFIX = 'impersonate-extra-';

/** Whom a request wants to be; `undefined` when it has no Impersonate headers. */
interface Impersonation {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The user that the request runs as: `user` itself, or whom it impersonates if it may. */
export async function impersonate(headers: Readonly<Record<string, string>>, user: UserInfo, authorizer: Authorizer): Promise<UserInfo> {
  const wanted = readImpersonation(headers);
  if (!wanted) return user;
  for (const attributes of asked(wanted)) {
    const decision = await authorizer.authorize(attributes, user);
    if (!decision.allowed) {
      throw forbidden(
        { group: attributes.group, plural: attributes.resource, kind: '' },
        attributes.name,
        refusal(attributes, user, decision),
      );
    }
  }
  const account = readServiceAccountName(wanted.username);
  const implied = account && wanted.groups.length === 0 ? serviceAccountUser(account.namespace, account.name).groups : wanted.groups;
  return authenticated({
    username: wanted.username,
    ...(wanted.uid !== undefined && { uid: wanted.uid }),
    groups: implied,
    ...(Object.keys(wanted.extra).length > 0 && { extra: wanted.extra }),
  });
}

function readImpersonation(headers: Readonly<Record<string, string>>): Impersonation | undefined {
  const username = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'];
  const groups = listHeader(headers['impersonate-group']);
  const extra: Record<string, readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    if (name.startsWith(EXTRA_PREFIX)) extra[decodeKey(name.slice(EXTRA_PREFIX.length))] = listHeader(headers[name]);
  }
  if (username) return { username, uid, groups, extra };
  const parts = [uid !== undefined && 'a uid', groups.length > 0 && 'groups', Object.keys(extra).length > 0 && 'extra values'];
  const present = parts.filter((part) => part !== false);
  if (present.length === 0) return undefined;
  throw new LabError('BadRequest', `requested ${present.join(' and ')} without impersonating a user name`);
}

/** What each part of the wanted identity asks of the real user. */
function* asked({ username, uid, groups, extra }: Impersonation): Iterable<RequestAttributes> {
  const account = readServiceAccountName(username);
  yield account
    ? attributes({ group: '', resource: 'serviceaccounts', name: account.name, namespace: account.namespace })
    : attributes({ group: '', resource: 'users', name: username });
  for (const name of groups) yield attributes({ group: '', resource: 'groups', name });
  for (const [subresource, values] of Object.entries(extra)) {
    for (const name of values) yield attributes({ group: AUTHENTICATION, resource: 'userextras', subresource, name });
  }
  if (uid !== undefined) yield attributes({ group: AUTHENTICATION, resource: 'uids', name: uid });
}

function attributes(of: Pick<RequestAttributes, 'group' | 'resource'> & Partial<RequestAttributes>): RequestAttributes {
  return resourceAttributes({ verb: 'impersonate', version: 'v1', ...of });
}

/** Repeated headers arrive joined by commas. */
function listHeader(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
