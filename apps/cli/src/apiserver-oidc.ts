import { request } from 'node:https';
import type { OidcOptions } from '@crownlabs/apiserver';
import { LabError } from '@crownlabs/std';
import type { ApiServerFlags } from './apiserver-flags.ts';

const PATIENCE_MS = 10_000;

/** The issuer that the flags describe, if they name one. `ca` is the PEM of its authority when the machine does not know it. */
export function oidcOf(flags: ApiServerFlags, ca: string | undefined): OidcOptions | undefined {
  const { oidcIssuerUrl: issuerUrl, oidcClientId: clientId, oidcSigningAlgs: signingAlgs } = flags;
  if (issuerUrl === undefined && clientId === undefined) return undefined;
  if (issuerUrl === undefined || clientId === undefined)
    throw new LabError('Invalid', '--oidc-issuer-url and --oidc-client-id go together.');
  if (!issuerUrl.startsWith('https://')) throw new LabError('Invalid', '--oidc-issuer-url starts with https://.');
  return {
    issuerUrl,
    clientIds: [clientId],
    usernameClaim: flags.oidcUsernameClaim,
    requiredClaims: requiredClaims(flags.oidcRequiredClaim),
    fetch: ca === undefined ? fetch : (url) => fetchTrusting(ca, url),
    ...(flags.oidcUsernamePrefix === undefined ? {} : { usernamePrefix: flags.oidcUsernamePrefix }),
    ...(flags.oidcGroupsClaim === undefined ? {} : { groupsClaim: flags.oidcGroupsClaim }),
    ...(flags.oidcGroupsPrefix === undefined ? {} : { groupsPrefix: flags.oidcGroupsPrefix }),
    ...(signingAlgs.length === 0 ? {} : { signingAlgs }),
  };
}

function requiredClaims(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new LabError('Invalid', `--oidc-required-claim is claim=value, not ${pair}.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** `fetch` knows only the machine's authorities. */
function fetchTrusting(ca: string, url: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca, timeout: PATIENCE_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 500 })));
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url} did not answer in time`)));
    asked.on('error', reject);
    asked.end();
  });
}
