import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TurnEnd } from './turn-end.ts';

test('answers of one turn leave together, and one that took longer than its turn does not wait for another', async () => {
  const turns = new TurnEnd();
  const left: string[] = [];
  const answer = async (name: string, turn: Promise<void>, work: Promise<void>) => {
    await work;
    await turn;
    left.push(name);
  };
  const slow = answer('slow', turns.coming(), setImmediate());
  const quick = ['one', 'two'].map((name) => answer(name, turns.coming(), Promise.resolve()));
  await Promise.resolve();
  expect(left).toEqual([]);
  await Promise.all(quick);
  expect(left).toEqual(['one', 'two']);
  await slow;
  expect(left).toEqual(['one', 'two', 'slow']);
});
