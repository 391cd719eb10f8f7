import { type JsonObject, objectOf } from './json.ts';

/** The token of an `Authorization: Bearer …` value. */
export function bearerOf(header: unknown): string | undefined {
  return typeof header === 'string' ? /^Bearer ([\w.~+/=-]+)$/i.exec(header.trim())?.[1] : undefined;
}

/**
 * When a token says that it ends, in milliseconds; `undefined` for tokens that do not say. Nothing is proven here: the API judges
 * the token, this only tells when asking again becomes pointless.
 */
export function expiryOf(bearer: string): number | undefined {
  const { exp } = claimsOf(bearer);
  return typeof exp === 'number' ? exp * 1000 : undefined;
}

/** What a token claims, unproven: worth something only once the API has accepted this very token. */
export function claimsOf(bearer: string): JsonObject {
  const [, payload] = bearer.split('.');
  try {
    return payload ? objectOf(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))) : {};
  } catch {
    return {};
  }
}
