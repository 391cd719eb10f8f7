import { type LookupAddress, lookup } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { LabError, messageOf } from '@crownlabs/std';
import ipaddr from 'ipaddr.js';

/** What an address outside answered. */
export interface OutsideAnswer {
  readonly status: number;
  readonly body: string;
}

/** Fetches what a person named. */
export type FetchOutside = (url: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<OutsideAnswer>;

/** Which addresses a person may make us fetch. */
export interface OutsideGuard {
  /** Throws Forbidden for an address that is not public, unless its host is on the list; Invalid for what is no web address. */
  check(url: string): Promise<void>;
  readonly fetch: FetchOutside;
}

const LONGEST_ANSWER = 64 * 1024;

/**
 * Fetches addresses that people named, and only those that are public or listed: what listens on loopback, in the private network or beside the
 * machine (metadata services) trusts whoever reaches it. The address that was judged is the one that is connected to, and redirects are not followed.
 */
export function outsideGuard(reachable: readonly string[]): OutsideGuard {
  const rules = readRules(reachable);
  const judged: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const open = found.filter(({ address }) => rules.hostListed(hostname) || rules.addressOpen(address));
      const [first] = open;
      if (!first) return callback(closed(hostname), '', 0);
      if (options.all) return callback(null, open);
      callback(null, first.address, first.family);
    });
  };
  const parse = (text: string): URL => {
    const url = webAddress(text);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !rules.addressOpen(host)) throw closed(host);
    return url;
  };
  return {
    async check(text) {
      const { hostname } = parse(text);
      if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || rules.hostListed(hostname)) return;
      const found = await resolved(hostname);
      // A name that is not known now is not judged: whoever uses it meets the same walls.
      if (found.length > 0 && !found.some(({ address }) => rules.addressOpen(address))) throw closed(hostname);
    },
    fetch: async (text, { timeoutMs, signal }) => get(parse(text), judged, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
  };
}

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new LabError('Invalid', 'Only http and https addresses are asked.');
  return url;
}

function closed(host: string): LabError {
  return new LabError('Forbidden', `${host} is not a public address, and the configuration does not list it as reachable.`);
}

function resolved(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve) => {
    lookup(hostname, { all: true }, (error, found) => resolve(error ? [] : found));
  });
}

function get(url: URL, judged: LookupFunction, signal: AbortSignal): Promise<OutsideAnswer> {
  const options: RequestOptions = {
    lookup: judged,
    signal,
    agent: false,
    headers: { accept: 'application/json', 'user-agent': 'crownlabs' },
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(error instanceof LabError ? error : new LabError('ServiceUnavailable', messageOf(error)));
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        length += part.length;
        parts.push(part);
        if (length > LONGEST_ANSWER) answer.destroy(new LabError('RequestEntityTooLarge', 'The answer is too long.'));
      });
      answer.on('error', fail);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }));
    });
    sent.on('error', fail);
    sent.end();
  });
}

interface Rules {
  hostListed(host: string): boolean;
  addressOpen(address: string): boolean;
}

function readRules(reachable: readonly string[]): Rules {
  const networks = reachable.map(networkOf).filter((it) => it !== undefined);
  const hosts = reachable.filter((rule) => networkOf(rule) === undefined).map((rule) => rule.toLowerCase());
  return {
    hostListed: (host) => hosts.some((rule) => (rule.startsWith('.') ? host.toLowerCase().endsWith(rule) : host.toLowerCase() === rule)),
    addressOpen: (text) => {
      if (!ipaddr.isValid(text)) return false;
      // An IPv4 address in the clothes of an IPv6 one is judged as what it is.
      const address = ipaddr.process(text);
      if (address.range() === 'unicast') return true;
      return networks.some((network) => address.kind() === network[0].kind() && address.match(network));
    },
  };
}

type Network = ReturnType<typeof ipaddr.parseCIDR>;

function networkOf(rule: string): Network | undefined {
  if (ipaddr.isValidCIDR(rule)) return ipaddr.parseCIDR(rule);
  if (!ipaddr.isValid(rule)) return undefined;
  const address = ipaddr.process(rule);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
