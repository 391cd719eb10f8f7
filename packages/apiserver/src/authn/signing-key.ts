import { createHash, createPublicKey } from 'node:crypto';
import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, importSPKI, type JWK } from 'jose';

/** Where the private key of service-account tokens is kept: whoever reads it can be anybody. */
export interface KeyStorage {
  /** PKCS#8 PEM, or `undefined` before the first start. */
  read(): Promise<string | undefined>;
  write(pem: string): Promise<void>;
}

/** The key that signs service-account tokens. */
export interface SigningKey {
  readonly alg: 'RS256';
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** As `/openid/v1/jwks` shows it. */
  readonly publicJwk: JWK;
}

// RSA: a request verifies far more often than a token is issued, and every OpenID consumer knows RS256.
const ALG = 'RS256';

/** The key in `storage`, made at the first start. */
export async function loadSigningKey(storage: KeyStorage): Promise<SigningKey> {
  const found = await storage.read();
  const pem = found ?? (await newKey());
  if (found === undefined) await storage.write(pem);
  const privateKey = await importPKCS8(pem, ALG);
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const publicKey = await importSPKI(createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString(), ALG, { extractable: true });
  const kid = createHash('sha256').update(spki).digest('base64url');
  return { alg: ALG, kid, privateKey, publicKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: ALG, use: 'sig' } };
}

async function newKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALG, { modulusLength: 2048, extractable: true });
  return exportPKCS8(privateKey);
}
