import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { LabError } from '@crownlabs/std';

/** Encrypts what lies on disk or travels through a browser. `context` must be the same on both sides, and binds the two. */
export interface Seal {
  seal(text: string, context: string): Buffer;
  /** `undefined` for anything that this key did not seal in this context. */
  open(sealed: Uint8Array, context: string): string | undefined;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A seal under the installation's key of at least 32 bytes. */
export function createSeal(key: Uint8Array): Seal {
  if (key.length < 32) throw new LabError('Invalid', 'The session key must have at least 32 bytes.');
  const derived = Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'crownlabs gateway sessions', 32));
  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', derived, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const cipher = createDecipheriv('aes-256-gcm', derived, bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(context));
      cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        return Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/** A random name that only its holder knows, and the form in which we keep it. */
export function newSecret(): { readonly secret: string; readonly id: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, id: idOf(secret) };
}

/** What we keep of a secret name: a stolen file must not be a bunch of keys. */
export function idOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
