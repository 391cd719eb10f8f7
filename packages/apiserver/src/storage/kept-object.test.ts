import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { builtInResources } from '../kinds/index.ts';
import type { KeptObject } from './kept-object.ts';

const [info] = builtInResources().filter(({ kind }) => kind === 'ConfigMap');

beforeEach(() => {
  // Objects of other tests are looked at by a clock that goes on.
  vi.resetModules();
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

async function kept(): Promise<KeptObject> {
  const { present } = await import('./stored-object.ts');
  if (!info) throw new Error('There are no ConfigMaps');
  return present(info, { metadata: { name: 'a' }, data: { k: 'è' } }, 7);
}

test('an object is decoded for as long as somebody looks at it, and as bytes alone afterwards', async () => {
  const one = await kept();
  const first = one.object;
  for (let look = 0; look < 5; look += 1) {
    vi.advanceTimersByTime(600);
    expect(one.object).toBe(first);
  }
  vi.advanceTimersByTime(10_000);
  expect(vi.getTimerCount()).toBe(0);
  const again = one.object;
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
  expect(again).toMatchObject({ kind: 'ConfigMap', metadata: { resourceVersion: '7' }, data: { k: 'è' } });
  expect(one.object).toBe(again);
});
