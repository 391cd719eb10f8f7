import { type Configuration, interactionPolicy, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Accounts } from './accounts.ts';
import type { GrantStore } from './grants.ts';
import { pageSources } from './provider-pages.ts';
import type { SigningKeys } from './signing-keys.ts';

/** The audience of every token: one for browser and kubectl. */
export const AUDIENCE = 'k8s';

/** The public client of `crownlabs login`: loopback redirect, or a device code where there is no browser. */
export const CLI_CLIENT = 'crownlabs-cli';

/** The gateway, as the provider knows it. */
export interface GatewayClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
}

/** What the provider is made of. */
export interface ProviderParts {
  readonly issuer: URL;
  readonly accounts: Accounts;
  readonly grants: GrantStore;
  readonly keys: SigningKeys;
  readonly gateway: GatewayClient;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FRESH = 2 * MINUTE;

// A resource indicator must be a URI; the audience in the token is the plain word that API servers are told.
const RESOURCE = `urn:crownlabs:${AUDIENCE}`;
const SCOPES = 'openid profile email groups offline_access';

/** The OpenID provider behind `parts`; its pages are ours, its state is theirs. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.issuer.href, configurationOf(parts));
  // Scheme and host are set by our own handler from the issuer, never believed from outside.
  provider.proxy = true;
  endSessionsAtLogout(provider, parts);
  return provider;
}

/**
 * The gateway revokes its refresh token when somebody signs out. That ends the session of the browser it came from, so
 * that the next sign-in asks for the password again, without a token in any URL.
 */
function endSessionsAtLogout(provider: Provider, { grants, gateway }: ProviderParts): void {
  provider.on('refresh_token.destroyed', ({ clientId, sessionUid }) => {
    if (clientId === gateway.id && sessionUid) grants.endSession(sessionUid);
  });
}

function configurationOf({ issuer, accounts, grants, keys, gateway }: ProviderParts): Configuration {
  const pages = pageSources(issuer);
  return {
    adapter: (model: string) => grants.adapter(model),
    jwks: { keys: keys.jwks.keys },
    cookies: cookiesOf(issuer, keys),
    clients: [gatewayOf(gateway), cliOf()],
    clientAuthMethods: ['client_secret_basic', 'none'],
    responseTypes: ['code'],
    scopes: SCOPES.split(' '),
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'given_name', 'family_name'], email: ['email'], groups: ['groups'] },
    pkce: { required: () => true },
    interactions: { url: (_ctx, { uid }) => `${issuer.href}/interaction/${uid}`, policy: policy() },
    ttl: {
      AuthorizationCode: MINUTE,
      AccessToken: 5 * MINUTE,
      IdToken: 5 * MINUTE,
      RefreshToken: 7 * DAY,
      Session: 12 * HOUR,
      Interaction: HOUR,
      Grant: 14 * DAY,
      DeviceCode: 10 * MINUTE,
    },
    findAccount: async (_ctx, name) => {
      const claims = await accounts.claims(name);
      return claims && { accountId: name, claims: () => ({ ...claims }) };
    },
    extraTokenClaims: async (_ctx, token) => {
      const claims = 'accountId' in token && token.accountId ? await accounts.claims(token.accountId) : undefined;
      return claims && { preferred_username: claims.preferred_username, name: claims.name, email: claims.email, groups: claims.groups };
    },
    loadExistingGrant: (ctx) => grantOf(ctx),
    // Both clients are our own and live by refreshing; the browser's session may end before theirs.
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    renderError: pages.error,
    features: featuresOf(pages),
  };
}

function featuresOf(pages: ReturnType<typeof pageSources>): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: { enabled: true, logoutSource: pages.signOut, postLogoutSuccessSource: pages.signedOut },
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      userCodeInputSource: pages.deviceCode,
      userCodeConfirmSource: pages.deviceConfirm,
      successSource: pages.deviceDone,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: SCOPES,
        audience: AUDIENCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 5 * MINUTE,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  };
}

// Cookies are shared between the ports of a host, so two installations on one loopback need two names. A `__Host-`
// cookie cannot be planted by an environment's page under a sub-domain.
function cookiesOf(issuer: URL, keys: SigningKeys): NonNullable<Configuration['cookies']> {
  const secure = issuer.protocol === 'https:';
  const suffix = issuer.port ? `-${issuer.port}` : '';
  const shared = { signed: true, httpOnly: true, secure, sameSite: 'lax' } as const;
  return {
    keys: [...keys.cookieKeys],
    names: {
      session: `${secure ? '__Host-' : ''}crownlabs-identity${suffix}`,
      interaction: `crownlabs-interaction${suffix}`,
      resume: `crownlabs-resume${suffix}`,
    },
    long: { ...shared, path: '/' },
    short: shared,
  };
}

function gatewayOf({ id, secret, redirectUris }: GatewayClient) {
  return {
    client_id: id,
    client_name: 'CrownLabs',
    client_secret: secret,
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'] as const,
    token_endpoint_auth_method: 'client_secret_basic',
  } as const;
}

function cliOf() {
  return {
    client_id: CLI_CLIENT,
    client_name: 'the crownlabs command',
    application_type: 'native',
    // RFC 8252: for a loopback address the port is the caller's choice.
    redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  } as const;
}

/**
 * When the sign-in page is shown. No consent: both clients are ours. A terminal always costs a password, so that a
 * program on the person's machine cannot borrow the browser's session unseen.
 */
function policy() {
  const prompts = interactionPolicy.base();
  prompts.remove('consent');
  prompts
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check('terminal', 'A terminal needs the password', 'login_required', ({ oidc }) =>
        oidc.client?.clientId === CLI_CLIENT && oidc.session?.past(FRESH)
          ? interactionPolicy.Check.REQUEST_PROMPT
          : interactionPolicy.Check.NO_NEED_TO_PROMPT,
      ),
    );
  return prompts;
}

/** Both clients are ours: nobody is asked for consent to his own laboratory. */
async function grantOf(ctx: KoaContextWithOIDC) {
  const { client, session, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const known = session.grantIdFor(client.clientId);
  const existing = known ? await provider.Grant.find(known) : undefined;
  if (existing) return existing;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(SCOPES);
  grant.addResourceScope(RESOURCE, SCOPES);
  await grant.save();
  return grant;
}
