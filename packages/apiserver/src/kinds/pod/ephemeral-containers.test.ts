import { expect, test } from 'vitest';
import { startTestApi } from '../../fakes/test-api.ts';

const PODS = '/api/v1/namespaces/default/pods';
const APPS = '/apis/apps/v1/namespaces/default/deployments';
const debug = (image: string) => ({ name: 'debug', image });
const container = { name: 'c', image: 'i' };

test('containers are added to a pod later, by their own endpoint, which changes nothing else', async () => {
  await using api = await startTestApi();
  const early = await api.send('POST', PODS, {
    metadata: { name: 'p' },
    spec: { containers: [container], ephemeralContainers: [debug('d')] },
  });
  expect(early.status).toBe(422);
  expect(early.body.message).toBe('Pod "p" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create');
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container], ephemeralContainers: [debug('d')] } };
  const workload = await api.send('POST', APPS, {
    metadata: { name: 'w' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  expect(workload.body.message).toContain(
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  );

  await api.send('POST', PODS, { metadata: { name: 'p' }, spec: { containers: [container] } });
  const spec = { ephemeralContainers: [debug('d')], nodeName: 'mine', hostNetwork: true };
  const added = await api.send('PATCH', `${PODS}/p/ephemeralcontainers`, { metadata: { labels: { x: 'y' } }, spec });
  expect(added.body.spec).toMatchObject({ containers: [container], ephemeralContainers: [debug('d')] });
  expect([added.body.spec.nodeName, added.body.spec.hostNetwork, added.body.metadata.labels]).toEqual([undefined, undefined, undefined]);

  for (const [change, list] of [
    ['changed', [debug('other')]],
    ['removed', []],
  ] as const) {
    const refused = await api.send('PATCH', `${PODS}/p/ephemeralcontainers`, { spec: { ephemeralContainers: list } });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain(`existing ephemeral containers "debug" may not be ${change}`);
  }
  const labelled = await api.send('PATCH', `${PODS}/p`, { metadata: { labels: { x: 'y' } } });
  expect(labelled.status).toBe(200);
});
