import { expect, test } from 'vitest';
import { scope } from './scope.ts';

test('a scope closes what it opened, last first, even after a failure', async () => {
  const closed: string[] = [];
  const work = async () => {
    await using owned = scope();
    owned.defer(() => void closed.push('database'));
    owned.defer(() => void closed.push('server'));
    throw new Error('boom');
  };
  await expect(work()).rejects.toThrow('boom');
  expect(closed).toEqual(['server', 'database']);
});
