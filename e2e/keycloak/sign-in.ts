import type { KeycloakServer } from './keycloak-server.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

/** As much of a browser as a sign-in takes: it follows redirects and keeps cookies. */
export class Browser {
  readonly #cookies = new Map<string, string>();
  readonly #issuer: Pick<KeycloakServer, 'url' | 'publicUrl'>;

  constructor(issuer: Pick<KeycloakServer, 'url' | 'publicUrl'>) {
    this.#issuer = issuer;
  }

  async ask(url: string, init: Asked = {}): Promise<Response> {
    // The issuer is reached where no certificate is needed; what it says of itself is its public address.
    const at = url.replace(this.#issuer.publicUrl, this.#issuer.url);
    const { host } = new URL(at);
    const mine = [...this.#cookies]
      .filter(([key]) => key.startsWith(`${host} `))
      .map(([key, value]) => `${key.slice(host.length + 1)}=${value}`);
    const answer = await fetch(at, { ...init, redirect: 'manual', headers: { ...init.headers, cookie: mine.join('; ') } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(`${host} ${name}`, value);
    }
    return answer;
  }

  /** Asks, and goes where it is sent, for a while. */
  async visit(url: string, init: Asked = {}): Promise<{ url: string; answer: Response }> {
    let at = url;
    let answer = await this.ask(at, init);
    for (let hops = 0; hops < 10 && answer.status >= 300 && answer.status < 400; hops += 1) {
      at = new URL(answer.headers.get('location') ?? '', at).href;
      answer = await this.ask(at);
    }
    return { url: at, answer };
  }

  /** Signs in at the page that the product sends people to, and comes back; resolves to where. */
  async signIn(origin: string, username: string, password: string): Promise<string> {
    const { answer } = await this.visit(`${origin}/auth/login`);
    const page = await answer.text();
    const action = /<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    if (action === undefined) throw new Error(`no sign-in form (${answer.status}): ${page.slice(0, 2_000)}`);
    const back = await this.visit(action, { method: 'POST', body: new URLSearchParams({ username, password }) });
    return back.url;
  }
}
