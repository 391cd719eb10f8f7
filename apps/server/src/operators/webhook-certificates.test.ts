import { X509Certificate } from 'node:crypto';
import type { Kube, KubeClient } from '@crownlabs/client';
import { LabError, systemClock } from '@crownlabs/std';
import type { Secret } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { webhookCertificates } from './webhook-certificates.ts';

const DAY = 86_400_000;

/** The one Secret of a cluster, with optimistic concurrency, and a clock to turn. */
function cluster() {
  let secret: Kube<Secret> | undefined;
  let version = 0;
  let time = Date.parse('2026-01-01T00:00:00Z');
  const put = (object: object) => {
    version += 1;
    // The border of the fake: what our own code wrote comes back.
    secret = { ...(object as Kube<Secret>), metadata: { ...(object as Kube<Secret>).metadata, resourceVersion: String(version) } };
    return secret as never;
  };
  const only: Pick<KubeClient, 'find' | 'create' | 'replace'> = {
    find: async () => secret as never,
    create: async (_resource, object) => {
      if (secret) throw new LabError('AlreadyExists', 'taken');
      return put(object);
    },
    replace: async (_resource, object) => {
      if (secret?.metadata.resourceVersion !== object.metadata.resourceVersion) throw new LabError('Conflict', 'somebody was faster');
      return put(object);
    },
  };
  const clock = { ...systemClock, now: () => time };
  const replica = () => webhookCertificates({ client: only as KubeClient, namespace: 'crownlabs-system', name: 'webhooks', clock });
  return { replica, later: (days: number) => (time += days * DAY), writes: () => version };
}

const NAMES = ['crownlabs-operators.crownlabs-system.svc', '127.0.0.1'];
const split = (bundle: string) => bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];

test('two replicas that start together share one authority and one certificate', async () => {
  const { replica, writes } = cluster();
  const [a, b] = [replica(), replica()];
  await expect(a.serving(NAMES)).rejects.toMatchObject({ code: 'NotFound' });
  const [first, second] = await Promise.all([a.authorities(), b.authorities()]);
  expect(first).toBe(second);
  const [one, two] = await Promise.all([a.serving(NAMES), b.serving(NAMES)]);
  expect(one.cert).toBe(two.cert);
  expect(new X509Certificate(one.cert).checkIssued(new X509Certificate(first))).toBe(true);
  expect(new X509Certificate(one.cert).subjectAltName).toBe('DNS:crownlabs-operators.crownlabs-system.svc, IP Address:127.0.0.1');
  const before = writes();
  expect(await a.authorities()).toBe(first);
  await b.serving(NAMES);
  expect(writes()).toBe(before);
});

test('a certificate is renewed after two thirds of its life, and has the names of all replicas', async () => {
  const { replica, later } = cluster();
  const it = replica();
  const bundle = await it.authorities();
  const old = await it.serving(['10.0.0.1']);
  later(200);
  expect((await it.serving(['10.0.0.1'])).cert).toBe(old.cert);
  later(60);
  const renewed = await it.serving(['10.0.0.2']);
  expect(renewed.cert).not.toBe(old.cert);
  expect(new X509Certificate(renewed.cert).subjectAltName).toBe('IP Address:10.0.0.2, IP Address:10.0.0.1');
  expect(await it.authorities()).toBe(bundle);
});

test('a new authority joins the old one, which is believed until its end', async () => {
  const { replica, later } = cluster();
  const it = replica();
  const [old] = split(await it.authorities());
  const before = await it.serving(NAMES);
  later(2_500);
  const both = split(await it.authorities());
  expect(both).toHaveLength(2);
  expect(both[1]).toBe(old);
  const after = await it.serving(NAMES);
  expect(new X509Certificate(before.cert).checkIssued(new X509Certificate(old ?? ''))).toBe(true);
  expect(new X509Certificate(after.cert).checkIssued(new X509Certificate(both[0] ?? ''))).toBe(true);
  later(1_200);
  expect(split(await it.authorities())).toEqual([both[0]]);
});
