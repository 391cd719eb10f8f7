import { type Fetch, type Person, personOf } from '@crownlabs/auth';
import { hasCode, LabError } from '@crownlabs/std';
import * as oidc from 'openid-client';

/** The OpenID issuer, as the gateway is its client. */
export interface IssuerOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** How the issuer is called; on a single machine through its socket. */
  readonly fetch: Fetch;
}

/** What a sign-in or a refresh yields. */
export interface Tokens {
  readonly person: Person;
  readonly bearer: string;
  readonly bearerExpiresAt: number;
  readonly refreshToken: string;
}

/** What must be remembered between leaving for the sign-in page and coming back. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
}

const SCOPES = ['openid', 'profile', 'email', 'groups', 'offline_access'];

/** The code flow with PKCE, refresh and revocation. Reads the issuer's metadata at first use, so that it may start after us. */
export class Issuer {
  readonly #options: IssuerOptions;
  #configuration: Promise<oidc.Configuration> | undefined;

  constructor(options: IssuerOptions) {
    this.#options = options;
  }

  async begin(returnTo: string): Promise<{ address: string; pending: Pending }> {
    const configuration = await this.#discovered();
    const pending = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier(), returnTo };
    const address = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#options.redirectUri,
      scope: scopeOf(configuration),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    });
    return { address: address.href, pending };
  }

  async finish(query: string, { state, nonce, verifier }: Pending): Promise<Tokens> {
    const configuration = await this.#discovered();
    const answer = await this.#asked(() =>
      oidc.authorizationCodeGrant(configuration, new URL(`${this.#options.redirectUri}${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }),
    );
    return tokensOf(answer, undefined);
  }

  /** Throws Unauthorized when the issuer refuses, ServiceUnavailable when it does not answer. */
  async refresh(refreshToken: string): Promise<Tokens> {
    const configuration = await this.#discovered();
    return tokensOf(await this.#asked(() => oidc.refreshTokenGrant(configuration, refreshToken)), refreshToken);
  }

  async revoke(refreshToken: string): Promise<void> {
    const configuration = await this.#discovered();
    await this.#asked(() => oidc.tokenRevocation(configuration, refreshToken));
  }

  #discovered(): Promise<oidc.Configuration> {
    this.#configuration ??= this.#discover().catch((error: unknown) => {
      this.#configuration = undefined;
      throw error;
    });
    return this.#configuration;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, fetch } = this.#options;
    // oxlint-disable-next-line typescript/no-deprecated -- plain HTTP is for loopback alone, which the configuration checks
    const plain = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
    return this.#asked(() =>
      oidc.discovery(new URL(issuer), clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
        [oidc.customFetch]: (url, init) => fetch(url, init as RequestInit),
        execute: plain,
      }),
    );
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (hasCode(error, 'Unauthorized')) throw error;
      // An answer of the issuer is a verdict; the lack of one says nothing about the person.
      const refused = error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError;
      if (refused && error.error !== 'server_error' && error.error !== 'temporarily_unavailable') {
        throw new LabError('Unauthorized', 'The sign-in was not accepted. Please sign in again.', { cause: error });
      }
      throw new LabError('ServiceUnavailable', 'The sign-in service does not answer.', { cause: error });
    }
  }
}

/** What an issuer says that it has: some, Keycloak among them, refuse a sign-in for a scope that they do not know. */
function scopeOf(configuration: oidc.Configuration): string {
  const { scopes_supported: known } = configuration.serverMetadata();
  return SCOPES.filter((scope) => scope === 'openid' || !known || known.includes(scope)).join(' ');
}

function tokensOf(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers, before: string | undefined): Tokens {
  const claims = answer.claims();
  const person = claims && personOf(claims);
  const refreshToken = answer.refresh_token ?? before;
  // The ID token is the bearer: it is the one kind of token that every Kubernetes API server is specified to accept.
  if (!claims || !person || !answer.id_token || !refreshToken)
    throw new LabError('Unauthorized', 'The sign-in service sent no usable tokens.');
  return { person, bearer: answer.id_token, bearerExpiresAt: claims.exp * 1000, refreshToken };
}
