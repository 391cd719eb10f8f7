import { PassThrough } from 'node:stream';
import type { Kube, ObjectKey } from '@crownlabs/client';
import { systemClock } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { Doorbell, rfbProbe } from './doorbell.ts';

const target = { namespace: 'lab', name: 'p', uid: 'u', ip: '10.0.0.1' };
const soon = () => AbortSignal.timeout(1_000);

function saying(text: string, end = false): PassThrough {
  const connection = new PassThrough();
  connection.write(text);
  if (end) connection.end();
  return connection;
}

test('a desktop is known by its banner; a silent port, another protocol and a refusal are none', async () => {
  const probe = (connection: PassThrough) => rfbProbe(async () => connection)(target, 5900, soon());
  expect(await probe(saying('RFB 003.008\n'))).toBe(true);
  expect(await probe(saying('HTTP/1.1 400 Bad Request'))).toBe(false);
  expect(await probe(saying('RF', true))).toBe(false);
  expect(await rfbProbe(async () => Promise.reject(new Error('refused')))(target, 5900, soon())).toBe(false);
  const silent = rfbProbe(async () => new PassThrough())(target, 5900, AbortSignal.timeout(50));
  expect(await silent).toBe(false);
});

test('a desktop is asked until it answers, once at a time, and whoever waits is told', async () => {
  let asked = 0;
  const told: ObjectKey[] = [];
  const stop = new AbortController();
  const doorbell = new Doorbell(
    async () => ++asked >= 3,
    systemClock,
    (key) => told.push(key),
    stop.signal,
  );
  const pod: Kube<Pod> = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'lab', uid: 'u' },
    status: { podIP: '10.0.0.1' },
  };
  const key = { namespace: 'lab', name: 'i' };
  expect(doorbell.answered(pod, key)).toBe(false);
  expect(doorbell.answered(pod, key)).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(doorbell.answered(pod, key)).toBe(true);
  expect([asked, told]).toEqual([3, [key]]);
  doorbell.forget('u');
  expect(doorbell.answered({ ...pod, status: {} }, key)).toBe(false);
  stop.abort();
});
