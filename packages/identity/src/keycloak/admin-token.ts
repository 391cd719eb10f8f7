import { LabError } from '@crownlabs/std';

/** How we sign in to Keycloak: a client of ours with a secret. */
export interface KeycloakCredentials {
  readonly realm: string;
  readonly clientId: string;
  /** Asked for each time, because secrets are rotated. */
  readonly secret: () => Promise<string>;
}

const EARLY_MS = 10_000;
const PATIENCE_MS = 10_000;

/** Gives access tokens of our client; one request at a time fetches a new one, whoever asks meanwhile gets the same. */
export function adminToken(url: string, { realm, clientId, secret }: KeycloakCredentials, now: () => number): () => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function request(): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: await secret() });
    const at = `${url}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`;
    const answer = await fetch(at, { method: 'POST', body, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new LabError('Unauthorized', `Keycloak does not let the client ${clientId} in (${answer.status})`);
    const said: unknown = await answer.json();
    const { access_token: token, expires_in: seconds } = readToken(said);
    kept = { token, until: now() + seconds * 1000 - EARLY_MS };
    return token;
  }

  return async () => {
    if (kept && now() < kept.until) return kept.token;
    fetching ??= request().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
}

function readToken(value: unknown): { access_token: string; expires_in: number } {
  if (typeof value === 'object' && value !== null && 'access_token' in value && 'expires_in' in value) {
    return { access_token: String(value.access_token), expires_in: Number(value.expires_in) };
  }
  throw new LabError('Unauthorized', 'Keycloak answered without a token');
}
