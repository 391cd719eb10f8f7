import { expect, test } from 'vitest';
import { limitedTransport, observedTransport } from './limited-transport.ts';
import type { Transport } from './transport.ts';

const answers: Transport = async () => ({ status: 200, headers: {}, body: (async function* () {})() });
const request = { method: 'GET', path: '/' } as const;

test('a burst goes at once, the rest in its turn, and a pause saves tokens up to the burst again', async () => {
  let time = 0;
  const slept: number[] = [];
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      slept.push(Math.round(ms));
    },
  };
  const limited = limitedTransport(answers, { perSecond: 10, burst: 3, clock });
  for (let i = 0; i < 5; i += 1) await limited(request);
  expect(slept).toEqual([100, 200]);
  time = 60_000;
  slept.length = 0;
  for (let i = 0; i < 4; i += 1) await limited(request);
  expect(slept).toEqual([100]);
});

test('every answer is told of, and also that there was none', async () => {
  const heard: number[] = [];
  const seen = observedTransport(answers, (_request, status) => heard.push(status));
  await seen(request);
  const failing = observedTransport(
    async () => {
      throw new Error('gone');
    },
    (_request, status) => heard.push(status),
  );
  await expect(failing(request)).rejects.toThrow('gone');
  expect(heard).toEqual([200, 0]);
});
