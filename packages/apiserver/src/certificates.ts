import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '@crownlabs/certificates';

/** What an API server on a machine of its own proves itself with. */
export interface MachineCertificates {
  /** PEM of the authority that signed the others; clients trust this one. */
  readonly ca: string;
  readonly serving: KeyPair;
  /** A client certificate in group `system:masters`, for the administrator's kubeconfig. */
  readonly admin: KeyPair;
}

const DAY_MS = 86_400_000;
// A leaf is made anew at a start within its last month.
const RENEW_DAYS = 30;

/**
 * The certificates kept in `folder`; made on the first call, leaves renewed before they end or when `names` changed.
 * `names` are DNS names and addresses under which the server is reached.
 */
export async function machineCertificates(folder: string, names: readonly string[], now: number): Promise<MachineCertificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = (await read(folder, 'ca')) ?? (await write(folder, 'ca', await (await maker()).makeAuthority(now)));
  const leaf = async (name: string, make: () => Promise<KeyPair>, good: (cert: X509Certificate) => boolean) => {
    const kept = await read(folder, name);
    const cert = kept && new X509Certificate(kept.cert);
    const fresh = cert && cert.validToDate.getTime() - now > RENEW_DAYS * DAY_MS && cert.checkIssued(new X509Certificate(authority.cert));
    return kept && fresh && good(cert) ? kept : write(folder, name, await make());
  };
  const server = { subject: 'CN=kube-apiserver', usage: 'server', names, now } as const;
  const administrator = { subject: 'CN=crownlabs-admin, O=system:masters', usage: 'client', names: [], now } as const;
  const [serving, admin] = await Promise.all([
    leaf(
      'apiserver',
      async () => (await maker()).sign(authority, server),
      (cert) => carries(cert, names),
    ),
    leaf(
      'admin',
      async () => (await maker()).sign(authority, administrator),
      () => true,
    ),
  ]);
  return { ca: authority.cert, serving, admin };
}

// Most starts only read what is there; what makes certificates is 5 MB that they need not load.
const maker = () => import('@crownlabs/certificates');

/** Whether the certificate names exactly these. An address has several spellings, so the certificate itself is asked. */
function carries(cert: X509Certificate, names: readonly string[]): boolean {
  const kept = (cert.subjectAltName ?? '').split(', ');
  return (
    kept.length === names.length && names.every((name) => (isIP(name) === 0 ? cert.checkHost(name) : cert.checkIP(name)) !== undefined)
  );
}

async function read(folder: string, name: string): Promise<KeyPair | undefined> {
  const [key, cert] = await Promise.all(
    ['key', 'crt'].map((ending) => readFile(join(folder, `${name}.${ending}`), 'utf8').catch(() => undefined)),
  );
  return key && cert ? { key, cert } : undefined;
}

/** The key first: a certificate without its key would be taken for a whole pair never. */
async function write(folder: string, name: string, pair: KeyPair): Promise<KeyPair> {
  for (const [ending, text] of [
    ['key', pair.key],
    ['crt', pair.cert],
  ] as const) {
    const path = join(folder, `${name}.${ending}`);
    await writeFile(`${path}.part`, text, { mode: 0o600 });
    await rename(`${path}.part`, path);
  }
  return pair;
}

/** A kubeconfig of one context that signs in with `user`'s certificate. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
export function kubeconfigOf(server: string, ca: string, user: KeyPair): string {
  const data = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'crownlabs',
    contexts: [{ name: 'crownlabs', context: { cluster: 'crownlabs', user: 'admin' } }],
    clusters: [{ name: 'crownlabs', cluster: { server, 'certificate-authority-data': data(ca) } }],
    users: [{ name: 'admin', user: { 'client-certificate-data': data(user.cert), 'client-key-data': data(user.key) } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
