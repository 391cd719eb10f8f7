import { PassThrough } from 'node:stream';
import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import type { Kubelet } from '@crownlabs/apiserver';
import { namespaces, podStreams, pods, readText } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { instance, template, tenant, workspace } from './factories.ts';
import { startTestLab } from './test-lab.ts';

/** A node whose commands shout what they are told, and whose ports echo. */
const shouting: Kubelet = {
  async *log() {
    yield Buffer.from('first line\n');
  },
  async exec(_pod, { command }) {
    const stdin = new PassThrough();
    const exit = Promise.withResolvers<number>();
    async function* shout() {
      for await (const part of stdin) yield Buffer.from(String(part).toUpperCase());
      exit.resolve(command.includes('fail') ? 3 : 0);
    }
    return { stdin, stdout: shout(), stderr: (async function* () {})(), resize: async () => undefined, exited: exit.promise };
  },
  async dial() {
    return new PassThrough();
  },
};

test('the gateway reaches commands and ports of a pod through the API that listens', async () => {
  await using lab = await startTestLab();
  lab.api.registerKubelet('fake-node', shouting);
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, 'tenant-ada'), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'desktop'));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'desktop' }));
  const pod = await eventually(async () => {
    const { items } = await lab.admin.list(pods, { namespace: 'tenant-ada' });
    expect(items[0]?.status?.phase).toBe('Running');
    return { namespace: 'tenant-ada', name: items[0]?.metadata.name ?? '' };
  });
  const { url } = await lab.api.listen({ host: '127.0.0.1', port: 0 });
  const path = '/api/v1/namespaces/crownlabs-system/serviceaccounts/gateway/token';
  const answer = await lab.admin.raw('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  const { token } = (answer as { status: { token: string } }).status;
  const streams = podStreams({ server: url, token });
  const soon = () => AbortSignal.timeout(3_000);

  const run = await streams.exec(pod, { container: 'desktop', command: ['sh', 'fail'], stdin: true }, soon());
  run.stdin.write('hello');
  run.stdin.end();
  expect(await readText(run.stdout)).toBe('HELLO');
  expect(await run.exited).toBe(3);

  const connection = await streams.portForward(pod, 5900, soon());
  connection.write('RFB 003.008\n');
  expect(await new Promise((resolve) => connection.once('data', (data: Buffer) => resolve(data.toString())))).toBe('RFB 003.008\n');
  connection.destroy();

  const stranger = podStreams({ server: url, token: 'nonsense' });
  await expect(stranger.portForward(pod, 5900, soon())).rejects.toMatchObject({ code: 'Unauthorized' });
  await expect(streams.portForward({ ...pod, name: 'nobody' }, 5900, soon())).rejects.toMatchObject({ code: 'NotFound' });
});
