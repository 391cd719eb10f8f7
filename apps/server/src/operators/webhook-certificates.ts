import { X509Certificate } from 'node:crypto';
import type { KeyPair } from '@crownlabs/certificates';
import { type Kube, type KubeClient, secrets } from '@crownlabs/client';
import { type Clock, hasCode, LabError } from '@crownlabs/std';
import type { Secret } from 'kubernetes-types/core/v1.js';

/** The certificates of the webhooks, shared by all replicas in one Secret. */
export interface WebhookCertificates {
  /** PEM of the authorities that the API is to believe, the newest first. Tell the API before asking for what the newest one signs. */
  authorities(): Promise<string>;
  /** A certificate for these names, signed by the newest authority. Throws NotFound while there is none. */
  serving(names: readonly string[]): Promise<KeyPair>;
}

/** Where the Secret is. */
export interface CertificatesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
}

const TRIES = 10;

/**
 * An authority of our own, kept in a Secret. Whatever has passed two thirds of its life is made anew; an authority that was replaced is
 * believed until its end, so that no replica is refused on the way.
 */
export function webhookCertificates({ client, namespace, name, clock }: CertificatesOptions): WebhookCertificates {
  /** Reads, changes, writes; whoever was slower reads again what the other one made. */
  async function change<T>(work: (kept: Kept) => Promise<{ kept?: Kept; result: T }>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const secret = await client.find(secrets, name, namespace);
      const { kept, result } = await work(readKept(secret));
      if (!kept) return result;
      try {
        await (secret ? client.replace(secrets, { ...secret, data: encoded(kept) }) : client.create(secrets, fresh(kept)));
        return result;
      } catch (error) {
        if (attempt >= TRIES || !hasCode(error, 'Conflict', 'AlreadyExists')) throw error;
      }
    }
  }

  const fresh = (kept: Kept) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { namespace, name, labels: { 'crownlabs.polito.it/managed-by': 'operators' } },
    data: encoded(kept),
  });

  return {
    authorities: () =>
      change(async (kept) => {
        const now = clock.now();
        const believed = split(kept['ca.crt'] ?? '').filter((one) => new X509Certificate(one).validToDate.getTime() > now);
        const newest = believed[0];
        if (newest !== undefined && kept['ca.key'] && !isOld(newest, now)) return { result: believed.join('') };
        const { makeAuthority } = await import('@crownlabs/certificates');
        const made = await makeAuthority(now);
        const bundle = [ended(made.cert), ...believed].join('');
        return { kept: { ...kept, 'ca.crt': bundle, 'ca.key': made.key }, result: bundle };
      }),
    serving: (names) =>
      change(async (kept) => {
        const now = clock.now();
        const [newest] = split(kept['ca.crt'] ?? '');
        const { 'ca.key': key, 'tls.crt': cert, 'tls.key': tlsKey } = kept;
        if (newest === undefined || !key) throw new LabError('NotFound', 'there is no authority for the webhooks yet');
        if (cert && tlsKey && isGood(cert, newest, names, now)) return { result: { cert, key: tlsKey } };
        const { sign } = await import('@crownlabs/certificates');
        // Other replicas may be reached by other names: those are kept.
        const all = [...new Set([...names, ...(cert ? namesOf(cert) : [])])].slice(0, MOST_NAMES);
        const made = await sign({ cert: newest, key }, { subject: 'CN=crownlabs-webhooks', usage: 'server', names: all, now });
        return { kept: { ...kept, 'tls.crt': made.cert, 'tls.key': made.key }, result: made };
      }),
  };
}

const MOST_NAMES = 20;

type Kept = Partial<Record<'ca.crt' | 'ca.key' | 'tls.crt' | 'tls.key', string>>;

function readKept(secret: Kube<Secret> | undefined): Kept {
  return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]));
}

function encoded(kept: Kept): Record<string, string> {
  return Object.fromEntries(Object.entries(kept).map(([key, text]) => [key, Buffer.from(text ?? '').toString('base64')]));
}

/** Whether two thirds of the life of a certificate are over. */
function isOld(pem: string, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  return now > validFromDate.getTime() + ((validToDate.getTime() - validFromDate.getTime()) * 2) / 3;
}

function isGood(pem: string, authority: string, names: readonly string[], now: number): boolean {
  const cert = new X509Certificate(pem);
  const named = namesOf(pem);
  return !isOld(pem, now) && cert.checkIssued(new X509Certificate(authority)) && names.every((name) => named.includes(name));
}

/** The text is `DNS:a, IP Address:b`. */
function namesOf(pem: string): string[] {
  const text = new X509Certificate(pem).subjectAltName ?? '';
  return text
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''));
}

function split(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(ended);
}

function ended(pem: string): string {
  return `${pem.trimEnd()}\n`;
}
