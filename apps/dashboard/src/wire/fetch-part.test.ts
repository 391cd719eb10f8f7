import { expect, test } from 'vitest';
import { fetchPart, PartMissing } from './fetch-part.ts';

test('code that does not come at once is asked for again', async () => {
  let asked = 0;
  const load = async () => {
    asked += 1;
    if (asked < 3) throw new TypeError('Failed to fetch dynamically imported module');
    return 'the page';
  };
  expect(await fetchPart(load, [1, 1])).toBe('the page');
  expect(asked).toBe(3);
});

test('code that never comes is told from a fault of ours', async () => {
  const gone = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
  await expect(fetchPart(gone, [1])).rejects.toBeInstanceOf(PartMissing);
});
