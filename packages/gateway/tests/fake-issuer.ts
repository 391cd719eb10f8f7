import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OpenID issuer that believes everybody: `?as=<name>` at its sign-in address is the whole sign-in. */
export class FakeIssuer {
  readonly server: Server;
  /** Groups by person; who is missing cannot sign in or refresh. */
  readonly people = new Map<string, string[]>();
  /** Seconds until a new bearer ends. */
  bearerSeconds = 300;
  refreshes = 0;
  readonly revoked: string[] = [];
  #url = '';
  readonly #keys = generateKeyPair('RS256', { extractable: true });
  readonly #codes = new Map<string, { name: string; nonce: string; challenge: string }>();

  constructor() {
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  at(url: string): void {
    this.#url = url;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://issuer');
    const serve: Record<string, () => unknown> = {
      '/oidc/.well-known/openid-configuration': () => this.#metadata(),
      '/oidc/jwks': async () => ({ keys: [await exportJWK((await this.#keys).publicKey)] }),
      '/oidc/echo': () => request.headers,
      '/oidc/auth': () => response.setHeader('location', this.#authorize(url.searchParams, request.headers.cookie ?? '')),
      '/oidc/token': async () => this.#token(await formOf(request)),
      '/oidc/revoke': async () => void this.revoked.push((await formOf(request)).get('token') ?? ''),
    };
    const answer = await serve[url.pathname]?.();
    if (response.hasHeader('location')) return void response.writeHead(303).end();
    const status = answer && typeof answer === 'object' && 'error' in answer ? 400 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? '' : JSON.stringify(answer));
  }

  #metadata() {
    return {
      issuer: this.#url,
      authorization_endpoint: `${this.#url}/auth`,
      token_endpoint: `${this.#url}/token`,
      revocation_endpoint: `${this.#url}/revoke`,
      jwks_uri: `${this.#url}/jwks`,
    };
  }

  #authorize(params: URLSearchParams, cookie: string): string {
    const code = crypto.randomUUID();
    const of = (name: string) => params.get(name) ?? '';
    this.#codes.set(code, { name: /as=(\w+)/.exec(cookie)?.[1] ?? 'nobody', nonce: of('nonce'), challenge: of('code_challenge') });
    return `${of('redirect_uri')}?${new URLSearchParams({ code, state: of('state') }).toString()}`;
  }

  async #token(form: URLSearchParams): Promise<unknown> {
    const of = (name: string) => form.get(name) ?? '';
    const before = of('refresh_token');
    if (this.revoked.includes(before)) return { error: 'invalid_grant' };
    if (before) {
      this.refreshes += 1;
      return this.#sign(before.replace('refresh-', ''), {});
    }
    const code = this.#codes.get(of('code'));
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(of('code_verifier')))).toString('base64url');
    return code && hash === code.challenge ? this.#sign(code.name, { nonce: code.nonce }) : { error: 'invalid_grant' };
  }

  async #sign(name: string, more: Record<string, string>): Promise<unknown> {
    const groups = this.people.get(name);
    if (!groups) return { error: 'invalid_grant' };
    const token = await new SignJWT({ preferred_username: name, name: `${name} of the lab`, email: `${name}@lab`, groups, ...more })
      .setProtectedHeader({ alg: 'RS256' })
      .setSubject(name)
      .setIssuer(this.#url)
      .setAudience('k8s')
      .setIssuedAt()
      .setExpirationTime(`${this.bearerSeconds}s`)
      .sign((await this.#keys).privateKey);
    return { access_token: token, id_token: token, token_type: 'Bearer', expires_in: this.bearerSeconds, refresh_token: `refresh-${name}` };
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
