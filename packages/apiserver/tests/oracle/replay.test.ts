import { scope } from '@crownlabs/std';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compares, type RecordedCase, recordedCases } from './recorded-case.ts';
import { Replay } from './replay.ts';

const cases = recordedCases();
const owned = scope();
let replay: Replay;
let compared = 0;

beforeAll(async () => {
  replay = await Replay.start(owned);
}, 60_000);
afterAll(() => owned[Symbol.asyncDispose]());

async function replayed(one: RecordedCase): Promise<void> {
  const { differences, compared: steps } = await replay.run(one);
  compared += steps;
  expect(differences).toEqual([]);
}

describe('the program answers as the recorded Kubernetes 1.36 did', { concurrent: true, timeout: 180_000 }, () => {
  test.for(cases.filter(({ serial }) => !serial))('$name', replayed);
});

describe('and where nothing else may happen meanwhile', { timeout: 180_000 }, () => {
  test.for(cases.filter(({ serial }) => serial))('$name', replayed);

  test('every recorded step was compared', () => {
    const recorded = cases.reduce((sum, { steps }) => sum + steps.filter(compares).length, 0);
    expect(compared).toBe(recorded);
    // Of those who wrote them down first; what was learned since is more.
    expect(recorded).toBeGreaterThan(1_672);
  });
});
