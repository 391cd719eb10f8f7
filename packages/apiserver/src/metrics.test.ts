import { expect, test } from 'vitest';
import { startTestApi } from './fakes/test-api.ts';

test('what others of the process count is told beside our own', async () => {
  await using api = await startTestApi({ moreMetrics: async () => 'crownlabs_tenants 2\n' });
  const { body } = await api.send('GET', '/metrics');
  expect(body).toContain('# TYPE apiserver_storage_revision counter');
  expect(body).toMatch(/\ncrownlabs_tenants 2\n$/);
});
