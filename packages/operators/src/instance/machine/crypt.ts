import { createHash } from 'node:crypto';

const ROUNDS = 5000;
const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A password as `/etc/shadow` keeps it: SHA-512 in the form `$6$salt$hash`, which every Linux reads.
 * https://www.akkadia.org/drepper/SHA-crypt.txt
 */
export function shadowHash(password: string, salt: string): string {
  const key = Buffer.from(password);
  const spice = Buffer.from(salt.slice(0, 16));
  const keyBytes = stretched(sha512(...Array.from({ length: key.length }, () => key)), key.length);
  const first = firstDigest(key, spice);
  const saltBytes = stretched(sha512(...Array.from({ length: 16 + (first[0] ?? 0) }, () => spice)), spice.length);
  let digest = first;
  for (let round = 0; round < ROUNDS; round += 1) {
    const odd = round % 2 === 1;
    const parts = [odd ? keyBytes : digest];
    if (round % 3 !== 0) parts.push(saltBytes);
    if (round % 7 !== 0) parts.push(keyBytes);
    parts.push(odd ? digest : keyBytes);
    digest = sha512(...parts);
  }
  return `$6$${spice.toString()}$${letters(digest)}`;
}

function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const between = sha512(key, salt, key);
  const parts = [key, salt, stretched(between, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? between : key);
  return sha512(...parts);
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The bytes again and again, until there are so many. */
function stretched(bytes: Buffer, length: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes)).subarray(0, length);
}

/** The digest in an order and an alphabet of its own: three bytes, 21 apart, make four letters. */
function letters(digest: Buffer): string {
  let text = '';
  for (let i = 0; i < 21; i += 1) {
    // The three positions change places in every group.
    const group = [i, i + 21, i + 42];
    const turned = [0, 1, 2].map((at) => group[(at + i) % 3] ?? 0);
    text += encoded(
      turned.map((at) => digest[at] ?? 0),
      4,
    );
  }
  return text + encoded([0, 0, digest[63] ?? 0], 2);
}

function encoded([high = 0, middle = 0, low = 0]: readonly number[], count: number): string {
  let value = (high << 16) | (middle << 8) | low;
  let text = '';
  for (let i = 0; i < count; i += 1) {
    text += LETTERS[value & 63];
    value >>= 6;
  }
  return text;
}
