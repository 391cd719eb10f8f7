import { LabError } from '@crownlabs/std';
import type { BoundedAnswer, BoundedFetch } from './bounded-fetch.ts';
import type { Credentials } from './credentials.ts';

/** One page of an answer, and where the next one is. */
export interface Page {
  readonly body: unknown;
  readonly next: URL | undefined;
}

const MOST_PAGES = 1_000;

/** Talks to one registry, with the way of signing in that it asks for. https://distribution.github.io/distribution/spec/auth/token/ */
export class RegistrySession {
  readonly #base: URL;
  readonly #fetch: BoundedFetch;
  readonly #credentials: Credentials | undefined;
  /** What the registry wanted last time; the same serves for most of what follows. */
  #authorization: string | undefined;

  constructor(base: URL, fetch: BoundedFetch, credentials?: Credentials) {
    this.#base = base;
    this.#fetch = fetch;
    this.#credentials = credentials;
  }

  /** All pages of `path`, one after the other. */
  async *pages(path: string): AsyncGenerator {
    let url: URL | undefined = new URL(`${this.#base.pathname.replace(/\/$/, '')}${path}`, this.#base);
    for (let count = 0; url; count += 1) {
      if (count >= MOST_PAGES) throw new LabError('RequestEntityTooLarge', 'the registry has more pages than anybody can read');
      const page: Page = await this.#page(url);
      yield page.body;
      url = page.next;
    }
  }

  async #page(url: URL): Promise<Page> {
    let answer = await this.#ask(url);
    if (answer.status === 401) {
      this.#authorization = await this.#signIn(answer);
      answer = await this.#ask(url);
    }
    if (answer.status === 404) throw new LabError('NotFound', `${url.pathname} is not there`);
    if (answer.status === 401 || answer.status === 403) {
      throw new LabError('Unauthorized', 'the registry does not accept the name and password that it was given');
    }
    if (answer.status !== 200) throw new LabError('ServiceUnavailable', `the registry answers with ${answer.status}`);
    return { body: readJson(answer), next: this.#next(answer, url) };
  }

  #ask(url: URL): Promise<BoundedAnswer> {
    const authorization = this.#authorization === undefined ? {} : { authorization: this.#authorization };
    return this.#fetch(url, { accept: 'application/json', 'user-agent': 'crownlabs', ...authorization });
  }

  /** A page on another host is no page of this registry. https://www.rfc-editor.org/rfc/rfc8288 */
  #next({ headers }: BoundedAnswer, from: URL): URL | undefined {
    const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.get('link') ?? '')?.[1];
    if (target === undefined) return undefined;
    const next = URL.canParse(target, from.href) ? new URL(target, from) : undefined;
    if (next?.origin === this.#base.origin) return next;
    throw new LabError('Forbidden', 'the registry names a next page that is not its own');
  }

  async #signIn({ headers }: BoundedAnswer): Promise<string | undefined> {
    const challenge = headers.get('www-authenticate') ?? '';
    if (/^bearer\b/i.test(challenge)) return `Bearer ${await this.#token(challenge)}`;
    return this.#basic();
  }

  #basic(): string | undefined {
    if (!this.#credentials) return undefined;
    const { username, password } = this.#credentials;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  async #token(challenge: string): Promise<string> {
    const said = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
    const realm = said.get('realm') ?? '';
    if (!URL.canParse(realm)) throw new LabError('ServiceUnavailable', 'the registry does not say where its tokens are');
    const url = new URL(realm);
    for (const name of ['service', 'scope']) {
      const value = said.get(name);
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const basic = this.#basic();
    const answer = await this.#fetch(url, { accept: 'application/json', ...(basic === undefined ? {} : { authorization: basic }) });
    if (answer.status !== 200)
      throw new LabError('Unauthorized', 'the registry gives no token for the name and password that it was given');
    const { token, access_token: other } = readJson(answer) as { token?: unknown; access_token?: unknown };
    const found = token ?? other;
    if (typeof found === 'string' && found !== '') return found;
    throw new LabError('ServiceUnavailable', 'the registry answers without a token');
  }
}

function readJson({ text }: BoundedAnswer): unknown {
  try {
    // The parse border: every reader below checks what it takes from it.
    return JSON.parse(text);
  } catch {
    throw new LabError('ServiceUnavailable', 'the registry answers with something else than JSON');
  }
}
