import type { Addresses } from './addresses.ts';

/** The cookies of this room. All are host-only, out of reach of scripts. */
export interface Cookies {
  readonly session: string;
  /** At an environment's origin. */
  readonly app: string;
  /** At an environment's origin, while a ticket is fetched. */
  readonly nonce: string;
  /** At the product's origin, while somebody signs in. */
  readonly signIn: string;
  set(name: string, value: string, maxAgeSeconds: number): string;
  clear(name: string): string;
}

/** Over TLS `__Host-` cookies, which no sub-domain can plant; on plain loopback host-only ones. */
export function cookies({ secure, cookieSuffix }: Addresses): Cookies {
  const name = (what: string) => `${secure ? '__Host-' : ''}crownlabs-${what}${cookieSuffix}`;
  const set = (cookie: string, value: string, maxAge: number) =>
    `${cookie}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure ? '; Secure' : ''}`;
  return {
    session: name('session'),
    app: name('app'),
    nonce: name('nonce'),
    signIn: name('sign-in'),
    set,
    clear: (cookie) => set(cookie, '', 0),
  };
}

/** The cookies of a request by name. Of two with one name the first counts, as the browser puts the closer one first. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at > 0 && !found.has(name)) found.set(name, pair.slice(at + 1).trim());
  }
  return found;
}

/** The header without the cookies that `drop` names; `undefined` when none is left. */
export function withoutCookies(header: string | undefined, drop: (name: string) => boolean): string | undefined {
  const kept = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair && !drop(pair.split('=', 1)[0] ?? ''));
  return kept.length > 0 ? kept.join('; ') : undefined;
}
