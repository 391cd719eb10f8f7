import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LabError } from '@crownlabs/std';

/** Which buckets are sealed on disk, and the key, which lives outside the database. */
export interface SealOptions {
  /** 32 bytes. */
  readonly key: Uint8Array;
  covers(bucket: string): boolean;
}

const IV = 12;
const TAG = 16;

/** AES-256-GCM, bound to the key under which the value is stored: a sealed value cannot be moved to another name. */
export function seal(key: Uint8Array, where: string, bytes: Uint8Array): Uint8Array {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(where));
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** The bytes that were sealed; throws when the key is another or the value was changed. */
export function unseal(key: Uint8Array, where: string, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV));
    decipher.setAAD(Buffer.from(where));
    decipher.setAuthTag(sealed.subarray(IV, IV + TAG));
    return Buffer.concat([decipher.update(sealed.subarray(IV + TAG)), decipher.final()]);
  } catch (cause) {
    throw new LabError('InternalError', `The sealed value of ${where} cannot be opened: the key is another, or the file was changed`, {
      cause,
    });
  }
}
