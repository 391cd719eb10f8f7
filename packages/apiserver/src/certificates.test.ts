import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineCertificates } from './certificates.ts';

const NOW = Date.UTC(2026, 10, 21);
const YEAR = 365 * 86_400_000;

test('certificates are kept, renewed before they end, and made anew for other names; the authority stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-pki-'));
  const first = await machineCertificates(folder, ['localhost', '127.0.0.1', '::1'], NOW);
  const serving = new X509Certificate(first.serving.cert);
  expect(serving.verify(new X509Certificate(first.ca).publicKey)).toBe(true);
  expect(serving.checkHost('localhost')).toBe('localhost');
  expect(serving.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(new X509Certificate(first.admin.cert).subject).toContain('O=system:masters');
  expect(await machineCertificates(folder, ['localhost', '127.0.0.1', '::1'], NOW)).toEqual(first);
  const later = await machineCertificates(folder, ['localhost', '127.0.0.1', '::1'], NOW + YEAR);
  expect(later.ca).toBe(first.ca);
  expect(later.serving.cert).not.toBe(first.serving.cert);
  const other = await machineCertificates(folder, ['lab.example.org'], NOW);
  expect(new X509Certificate(other.serving.cert).checkHost('lab.example.org')).toBe('lab.example.org');
  await rm(folder, { recursive: true });
});
