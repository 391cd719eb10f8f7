import { duplexPair } from 'node:stream';
import type { Clock } from '@crownlabs/std';
import { expect, onTestFinished, test } from 'vitest';
import { listenToHeart } from './heartbeat.ts';
import { MonitorSession } from './session.ts';

test('an emulator that is frozen is heard to be silent, and to answer again; one that is gone is listened to no more', async () => {
  const [near, far] = duplexPair();
  let answers = false;
  let unanswered = 0;
  const answer = () => void far.write('{"return":{"status":"running"}}\n');
  far.on('data', () => (answers ? answer() : unanswered++));
  // An hour passes in a moment.
  const clock: Clock = { now: () => 0, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) };
  const heard: boolean[] = [];
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const listening = listenToHeart(new MonitorSession(near), { clock, signal: ended.signal, frozen: (is) => heard.push(is) });
  const gone = listening.then(
    () => undefined,
    (error: unknown) => error,
  );
  await expect.poll(() => heard).toEqual([true]);
  answers = true;
  answer();
  await expect.poll(() => heard.slice(0, 2)).toEqual([true, false]);
  expect(unanswered).toBe(1);
  answers = false;
  far.end();
  expect(await gone).toMatchObject({ code: 'ServiceUnavailable' });
});
