import { array, assert, boolean, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { SortedNames } from './sorted-names.ts';

const name = integer({ min: 0, max: 2000 }).map((n) => `n${n}`);
const changes = array(tuple(boolean(), name), { minLength: 500, maxLength: 1500 });

test('names stay in order, each once, however many come and go', () => {
  assert(
    property(changes, name, (history, some) => {
      const names = new SortedNames();
      const model = new Set<string>(Array.from({ length: 1200 }, (_, n) => `n${n}`));
      for (const one of model) names.add(one);
      for (const [gone, one] of history) {
        if (gone) names.delete(one);
        else if (!model.has(one)) names.add(one);
        if (gone) model.delete(one);
        else model.add(one);
      }
      const sorted = [...model].toSorted();
      expect([...names.between(0, names.size)]).toEqual(sorted);
      expect([...names.between(300, 900)]).toEqual(sorted.slice(300, 900));
      expect(names.rank(some)).toBe(sorted.filter((one) => one < some).length);
      expect(names.rank(some, true)).toBe(sorted.filter((one) => one <= some).length);
    }),
    { numRuns: 20 },
  );
});
