import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { KEEP_PURPOSES, type KeepGrant } from '@crownlabs/api';

/** Signs grants into text that fits into an address, and reads them again. */
export interface KeepTickets {
  sign(grant: KeepGrant): string;
  /** The grant as it was signed; `undefined` for anything else. Who asks, when and whether again is for the reader to judge. */
  open(ticket: string): KeepGrant | undefined;
}

/** Tickets under the installation's key of at least 32 bytes: whoever writes mails and whoever serves their links must have the same. */
export function createKeepTickets(key: Uint8Array): KeepTickets {
  const derived = Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'crownlabs keep tickets', 32));
  const mac = (body: string) => createHmac('sha256', derived).update(body).digest();
  return {
    sign({ purpose, uid, namespace, name, tenant, round, until }) {
      const body = Buffer.from(JSON.stringify([purpose, uid, namespace, name, tenant, round, until])).toString('base64url');
      return `${body}.${mac(body).toString('base64url')}`;
    },
    open(ticket) {
      const [body = '', signature = '', more] = ticket.split('.');
      const given = Buffer.from(signature, 'base64url');
      const right = mac(body);
      if (more !== undefined || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      return readGrant(Buffer.from(body, 'base64url').toString('utf8'));
    },
  };
}

function readGrant(text: string): KeepGrant | undefined {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts)) return undefined;
  const [purpose, uid, namespace, name, tenant, round, until] = parts as unknown[];
  const known = KEEP_PURPOSES.find((it) => it === purpose);
  const texts = [uid, namespace, name, tenant, round].filter((it) => typeof it === 'string');
  const [a, b, c, d, e] = texts;
  if (!known || a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || typeof until !== 'number') {
    return undefined;
  }
  return { purpose: known, uid: a, namespace: b, name: c, tenant: d, round: e, until };
}
