import { expect, test } from 'vitest';
import { covers } from './covers.ts';

test('defaults that the API filled in are no difference, everything asked for is', () => {
  const desired = { spec: { ports: [{ name: 'gui', port: 6080 }], selector: { a: 'b' } } };
  expect(
    covers({ spec: { ports: [{ name: 'gui', port: 6080, protocol: 'TCP' }], selector: { a: 'b' }, type: 'ClusterIP' } }, desired),
  ).toBe(true);
  expect(covers({ spec: { ports: [{ name: 'gui', port: 6081 }], selector: { a: 'b' } } }, desired)).toBe(false);
  expect(covers({ spec: { ports: [], selector: { a: 'b' } } }, desired)).toBe(false);
});

test('an empty object asks for nothing', () => {
  expect(covers({ a: 1 }, { a: 1, podSelector: {} })).toBe(true);
  expect(covers({ a: 1 }, { a: 1, podSelector: { x: 'y' } })).toBe(false);
});

test('an empty text is no difference to none', () => {
  expect(covers({ volumeName: 'v' }, { volumeName: 'v', storageClassName: '' })).toBe(true);
  expect(covers({ storageClassName: 'local' }, { storageClassName: '' })).toBe(false);
});
