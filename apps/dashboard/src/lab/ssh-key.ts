/** What is wrong with a public key, or what it is. */
export type KeyReading =
  | { ok: true; type: string; comment: string; fingerprintPart: string }
  | { ok: false; problem: 'empty' | 'private' | 'manyLines' | 'unknownType' | 'broken' };

const TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** Reads one line of an OpenSSH public key file. */
export function readPublicKey(text: string): KeyReading {
  const line = text.trim();
  if (line === '') return { ok: false, problem: 'empty' };
  if (line.includes('PRIVATE KEY')) return { ok: false, problem: 'private' };
  if (line.includes('\n')) return { ok: false, problem: 'manyLines' };
  const [type = '', data = '', ...comment] = line.split(/\s+/);
  if (!TYPES.has(type)) return { ok: false, problem: 'unknownType' };
  if (typeInside(data) !== type) return { ok: false, problem: 'broken' };
  return { ok: true, type, comment: comment.join(' '), fingerprintPart: data.slice(-12) };
}

/** The type that the key itself states: four bytes of length, then the name. */
function typeInside(data: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const length = new DataView(bytes.buffer).getUint32(0);
    return length + 4 < bytes.length ? new TextDecoder().decode(bytes.subarray(4, 4 + length)) : undefined;
  } catch {
    return undefined;
  }
}
