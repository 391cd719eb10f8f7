import { isObject, type JsonObject } from '../json.ts';

/** The payload of a JWT, unverified: only to see whose token it is. `undefined` when it is no JWT. */
export function peekPayload(token: string): JsonObject | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const payload: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return isObject(payload) ? payload : undefined;
  } catch {
    return undefined;
  }
}
