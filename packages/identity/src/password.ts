import { type Argon2Parameters, argon2, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

interface Cost {
  /** Kibibytes. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

// 19 MiB and two passes: about 35 ms of one core, the least that OWASP's cheat sheet on password storage accepts.
const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const HASH_BYTES = 32;
// A morning rush must neither fill the memory nor take the thread pool away from the disk.
const AT_ONCE = 2;

// Without letters and digits that are mistaken for one another when read from paper.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of four: 79 bits, readable aloud. */
export function generatePassword(): string {
  const group = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** Why `password` may not be used, or `undefined` when it may. Length is what counts (NIST SP 800-63B). */
export function passwordFault(password: string, name: string): string | undefined {
  if (password.length < 10) return 'Use at least 10 characters.';
  if (Buffer.byteLength(password) > 256) return 'Use at most 256 bytes.';
  if (new Set(password).size < 5) return 'Use more different characters.';
  if (password.toLowerCase().includes(name.toLowerCase())) return 'Leave your user name out of the password.';
  return undefined;
}

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, so that the cost may grow later without touching old records. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(hash)}`;
}

const ENCODED = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Whether `password` made `encoded`. Without a record the same work is done for nothing, so that time tells no names. */
export async function passwordMatches(password: string, encoded: string | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', expected = ''] = ENCODED.exec(encoded ?? '') ?? [];
  if (!memory) {
    await derive(password, Buffer.alloc(16), COST);
    return false;
  }
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const hash = await derive(password, Buffer.from(salt, 'base64'), cost);
  const known = Buffer.from(expected, 'base64');
  return known.length === hash.length && timingSafeEqual(known, hash);
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

let free = AT_ONCE;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  // A finished one hands its place to the next in line.
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    // Two ways to type the same letter must give the same password.
    const message = Buffer.from(password.normalize('NFKC'), 'utf8');
    return await argon2id({ message, nonce: salt, tagLength: HASH_BYTES, ...cost });
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
}

function argon2id(parameters: Argon2Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
