import { expect, test } from 'vitest';
import { startTestApi } from '../fakes/test-api.ts';

const PODS = '/api/v1/namespaces/default/pods';

test('a binding puts a pod on its node and says in the status that it is scheduled, whatever was said before', async () => {
  await using api = await startTestApi();
  await api.send('POST', PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const waits = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' };
  await api.send('PATCH', `${PODS}/p/status`, { status: { conditions: [waits] } }, { 'content-type': 'application/merge-patch+json' });
  const { status } = await api.send('POST', `${PODS}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } });
  expect(status).toBe(201);
  const { body: pod } = await api.send('GET', `${PODS}/p`);
  expect(pod).toMatchObject({ spec: { nodeName: 'n1' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } });
});
