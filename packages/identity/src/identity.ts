import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KubeClient } from '@crownlabs/client';
import { type Clock, httpStatus, LabError, type Logger, messageOf } from '@crownlabs/std';
import type { JWK } from 'jose';
import { type Accounts, createAccounts } from './accounts.ts';
import { GrantStore } from './grants.ts';
import { messagePage } from './pages/message.ts';
import { sendPage } from './pages/page.ts';
import { createProvider, type GatewayClient } from './provider.ts';
import { changePassword, type SignInParts, signIn } from './sign-in.ts';
import { signInLimits } from './sign-in-limits.ts';
import { loadSigningKeys } from './signing-keys.ts';

/** What an embedded identity provider needs. */
export interface IdentityOptions {
  /** `<publicURL>/oidc`, without a slash at the end. */
  readonly issuer: string;
  /** Acts as the identity's ServiceAccount: Secrets in its namespace, Tenants. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** File of sessions, grants and refresh tokens; `:memory:` in tests. */
  readonly grants: string;
  readonly gateway: GatewayClient;
}

/** The OpenID provider of a single machine. */
export interface Identity extends AsyncDisposable {
  /** Answers every request below the issuer's path. It trusts `x-forwarded-for` of its caller: listen on a socket of the edge alone. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  readonly accounts: Accounts;
  /** The public keys that verify tokens, for a room in the same process; others read `<issuer>/jwks`. */
  readonly publicKeys: { readonly keys: readonly JWK[] };
}

/** Starts the provider: reads its keys, or makes them once. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { client, clock, log } = options;
  const issuer = new URL(options.issuer);
  const keys = await loadSigningKeys(client);
  const accounts = createAccounts(client, clock);
  const grants = new GrantStore(options.grants, clock);
  const provider = createProvider({ issuer, accounts, grants, keys, gateway: options.gateway });
  provider.on('server_error', (_ctx, error) => log.error('Sign-in provider failed', { error: messageOf(error) }));
  const parts: SignInParts = { issuer, provider, accounts, grants, limits: signInLimits(grants, clock), clock, log };
  const serveProtocol = provider.callback();

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    enterIssuer(request, issuer);
    const [, first] = (request.url ?? '').split(/[/?]/);
    if (first === 'interaction') return signIn(parts, request, response);
    if (first === 'password') return changePassword(parts, request, response);
    await serveProtocol(request, response);
  }

  return {
    accounts,
    publicKeys: { keys: keys.jwks.keys.map(publicPart) },
    handler: (request, response) => {
      route(request, response).catch((error: unknown) => refuse(response, { error, issuer, log }));
    },
    [Symbol.asyncDispose]: async () => grants[Symbol.dispose](),
  };
}

/** Makes the request look as if it had come to the issuer's own address, whatever its headers claim. */
function enterIssuer(request: IncomingMessage, issuer: URL): void {
  const base = issuer.pathname.replace(/\/$/, '');
  const url = request.url ?? '/';
  if (base && url !== base && !url.startsWith(`${base}/`) && !url.startsWith(`${base}?`)) throw new LabError('NotFound', 'No such page.');
  // The provider finds its mount path by comparing the two.
  Object.assign(request, { originalUrl: url, url: url.slice(base.length) || '/' });
  request.headers.host = issuer.host;
  request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  delete request.headers['x-forwarded-host'];
}

function refuse(response: ServerResponse, { error, issuer, log }: { error: unknown; issuer: URL; log: Logger }): void {
  const status = error instanceof LabError ? httpStatus(error.code) : 500;
  if (status === 500) log.error('Identity request failed', { error: messageOf(error) });
  if (response.headersSent) return void response.destroy();
  const text = status === 500 ? 'Something failed on our side. Please try again in a moment.' : messageOf(error);
  sendPage(response, status, messagePage({ title: 'Sign-in', text, link: { href: `${issuer.origin}/`, text: 'Start again' } }));
}

function publicPart({ kty, n, e, kid, alg, use }: JWK): JWK {
  return { kty, n, e, kid, alg, use } as JWK;
}
