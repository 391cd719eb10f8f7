import { objectOf } from './json.ts';

/** The token of an `Authorization: Bearer …` value. */
export function bearerOf(header: unknown): string | undefined {
  return typeof header === 'string' ? /^Bearer ([\w.~+/=-]+)$/i.exec(header.trim())?.[1] : undefined;
}

/**
 * When a token says that it ends, in milliseconds; `undefined` for tokens that do not say. Nothing is proven here: the API judges
 * the token, this only tells when asking again becomes pointless.
 */
export function expiryOf(bearer: string): number | undefined {
  const [, payload] = bearer.split('.');
  if (!payload) return undefined;
  try {
    const claims = objectOf(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : undefined;
  } catch {
    return undefined;
  }
}
