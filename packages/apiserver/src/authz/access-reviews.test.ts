import { expect, test } from 'vitest';
import { startTestApi } from '../fakes/test-api.ts';

test('everything that a review lacks is told at once, and it is told what of two questions it asks', async () => {
  await using api = await startTestApi();
  const ask = async (spec: object) => {
    const { status, body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    return status === 201 ? body.status.allowed : body.message;
  };
  expect(await ask({})).toBe(
    '.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
  );
  expect(await ask({ groups: ['system:masters'], resourceAttributes: { verb: 'get', resource: 'pods' } })).toBe(true);
  expect(await ask({ user: 'ada', nonResourceAttributes: { path: '/metrics', verb: 'get' } })).toBe(false);
});
