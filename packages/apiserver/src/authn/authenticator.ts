import { hasCode, LabError, type Logger, messageOf } from '@crownlabs/std';
import type { Authenticator, TlsPeer } from '../call.ts';
import type { UserInfo } from '../user.ts';
import { ANONYMOUS, AUTHENTICATED, type TokenAuthenticator, type TokenIdentity, UNAUTHENTICATED } from './identity.ts';

/** The steps by which the server finds out who asks. */
export interface AuthenticatorOptions {
  /** In the order in which they are asked. */
  readonly tokens: readonly TokenAuthenticator[];
  /** What a token must be meant for when it is used here. */
  readonly audiences: readonly string[];
  readonly log: Logger;
}

const UNAUTHORIZED = 'Unauthorized';
const PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/** Finds the user of a request: by its client certificate, else by its bearer token. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  return async (headers, peer) => {
    if (peer) return certificateUser(peer);
    const token = bearerToken(headers);
    if (token === undefined) return undefined;
    const identity = await identify(options, token, options.audiences);
    return authenticated(identity.user);
  };
}

/** Whom `token` stands for; Unauthorized without saying why, because only the log may know. */
export async function identify({ tokens, log }: AuthenticatorOptions, token: string, audiences: readonly string[]): Promise<TokenIdentity> {
  for (const authenticator of tokens) {
    try {
      const identity = await authenticator.authenticate(token, audiences);
      if (identity) return identity;
    } catch (error) {
      log.warn('Refused a bearer token', { reason: messageOf(error) });
      throw hasCode(error, 'ServiceUnavailable') ? error : new LabError('Unauthorized', UNAUTHORIZED, { cause: error });
    }
  }
  throw new LabError('Unauthorized', UNAUTHORIZED);
}

/** The user with the group of all who were authenticated; an anonymous user stays outside of it. */
export function authenticated(user: UserInfo): UserInfo {
  if (user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED)) return user;
  return { ...user, groups: [...user.groups, user.username === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED] };
}

/** Users of a static token file. */
export function staticTokens(users: ReadonlyMap<string, UserInfo>): TokenAuthenticator {
  // A Map finds by hashes that are seeded anew in every process, so the time of a look-up tells nothing of a token that is nearly right.
  return { authenticate: async (token, audiences) => identityOf(users.get(token), audiences) };
}

function identityOf(user: UserInfo | undefined, audiences: readonly string[]): TokenIdentity | undefined {
  return user && { user, audiences };
}

function certificateUser({ commonName, organizations }: TlsPeer): UserInfo {
  return authenticated({ username: commonName, groups: organizations });
}

/** From the header, or from the sub-protocols of a WebSocket, where a browser can put nothing else. */
function bearerToken(headers: Readonly<Record<string, string>>): string | undefined {
  const [scheme, token] = (headers['authorization'] ?? '').trim().split(/\s+/, 2);
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return undefined;
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const encoded = protocols.find((protocol) => protocol.startsWith(PROTOCOL_PREFIX))?.slice(PROTOCOL_PREFIX.length);
  return encoded ? Buffer.from(encoded, 'base64url').toString('utf8') : undefined;
}
