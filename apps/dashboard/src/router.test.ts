import { afterAll, expect, test, vi } from 'vitest';

vi.stubGlobal('location', { pathname: '/' });
vi.stubGlobal('window', { addEventListener: () => undefined });
afterAll(() => vi.unstubAllGlobals());
const { matchPath } = await import('./router.tsx');

test('a path gives its parts, decoded, and matches nothing else', () => {
  expect(matchPath('/', '/')).toEqual({});
  expect(matchPath('/desktop/:namespace/:name', '/desktop/tenant-ada/i%201/')).toEqual({ namespace: 'tenant-ada', name: 'i 1' });
  expect(matchPath('/desktop/:namespace/:name', '/desktop/tenant-ada')).toBeUndefined();
  expect(matchPath('/people', '/people/%')).toBeUndefined();
});
