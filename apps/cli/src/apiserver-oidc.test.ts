import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineCertificates } from '@crownlabs/apiserver';
import { scope } from '@crownlabs/std';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { type ApiServerFlags, withApiServerFlags } from './apiserver-flags.ts';
import { oidcOf } from './apiserver-oidc.ts';

function flags(...typed: string[]): ApiServerFlags {
  return withApiServerFlags(new Command()).parse(typed, { from: 'user' }).opts<ApiServerFlags>();
}

test('flags that hold lists take commas and may be repeated', () => {
  const { controllers, oidcRequiredClaim, securePort } = flags('--controllers=-*,job', '--controllers', 'quota', '--secure-port', '0');
  expect({ controllers, oidcRequiredClaim, securePort }).toEqual({
    controllers: ['-*', 'job', 'quota'],
    oidcRequiredClaim: [],
    securePort: 0,
  });
});

test('an issuer is described whole, or not at all', () => {
  expect(oidcOf(flags(), undefined)).toBeUndefined();
  expect(() => oidcOf(flags('--oidc-issuer-url', 'https://a.example'), undefined)).toThrow('go together');
  const typed = flags(
    '--oidc-issuer-url=https://a.example',
    '--oidc-client-id=k8s',
    '--oidc-required-claim=hd=a=b',
    '--oidc-signing-algs=ES256,RS256',
  );
  expect(oidcOf(typed, undefined)).toMatchObject({
    issuerUrl: 'https://a.example',
    clientIds: ['k8s'],
    usernameClaim: 'sub',
    requiredClaims: { hd: 'a=b' },
    signingAlgs: ['ES256', 'RS256'],
  });
});

test('an issuer with an authority of its own is reached with --oidc-ca-file, and not without', async () => {
  await using owned = scope();
  const folder = await mkdtemp(join(tmpdir(), 'oidc-ca-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const { ca, serving } = await machineCertificates(folder, ['localhost'], Date.now());
  const server = createServer(serving, (_, response) => response.end('{"issuer":"it"}'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  owned.defer(() => void server.close());
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  const typed = flags('--oidc-issuer-url', issuer, '--oidc-client-id', 'k8s');
  const request = { headers: new Headers(), method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(5000) } as const;
  const trusting = await oidcOf(typed, ca)?.fetch(issuer, request);
  expect(await trusting?.json()).toEqual({ issuer: 'it' });
  await expect(oidcOf(typed, undefined)?.fetch(issuer, request)).rejects.toThrow('fetch failed');
});
