import { once } from 'node:events';
import { createServer } from 'node:http';
import { EXAM_NAMESPACE, EXAM_TENANT, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces, review } from '@crownlabs/client';
import { AUTOMATION } from '@crownlabs/operators';
import { silent } from '@crownlabs/std';
import { environment, eventually, startTestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { callers } from '../src/exam/callers.ts';
import { createExamAgent, ensureExamNamespace } from '../src/index.ts';

/** A lab with a course that holds exams, the agent of it, and the system that says whether an exam is over. */
async function world() {
  const lab = await startTestLab({ config: { automation: { ...AUTOMATION, reachable: ['127.0.0.1'] } } });
  const client = lab.room('exam-agent');
  await ensureExamNamespace(client, '');
  await lab.admin.create(workspaces, workspace('exams', { quota: { cpu: 20, memory: '40G', instances: 10 } }));
  await lab.admin.create(tenants, tenant(EXAM_TENANT, { exams: 'user' }));
  await lab.admin.create(tenants, tenant('ada', {}));
  await eventually(() => lab.admin.get(namespaces, 'workspace-exams'));
  const disk = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
  await lab.admin.create(templates, template('exams', 'algorithms', [environment('desktop', disk)]));
  const exam = { status: 200 };
  const platform = createServer((_request, response) => response.writeHead(exam.status).end('{}'));
  const agent = createExamAgent({ client, workspace: 'exams', log: silent, allowed: ['127.0.0.0/8'], trustedProxies: [] });
  const door = createServer((request, response) => void agent(request, response));
  const [url, statusCheckUrl] = await Promise.all(
    [door, platform].map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    }),
  );
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api${path}`, { method, headers, redirect: 'manual', ...init });
    const text = await answer.text();
    return { status: answer.status, text, location: answer.headers.get('location'), refresh: answer.headers.get('refresh') };
  };
  const end = async () => {
    for (const server of [door, platform]) server.close().closeAllConnections();
    await lab[Symbol.asyncDispose]();
  };
  return { lab, ask, exam, statusCheckUrl, [Symbol.asyncDispose]: end };
}

const HTML = { accept: 'text/html' };

test('8.1.20, [BUG] 2.13: an exam is put, sat by its candidate alone, ended by its system, and gone when it is deleted', async () => {
  await using it = await world();
  const { lab, ask, exam, statusCheckUrl } = it;
  const wish = {
    template: 'algorithms',
    candidate: 'ada',
    statusCheckUrl,
    contentUrls: { destination: 'https://hand-in.invalid/' },
    labels: { session: 'june' },
  };
  const made = await ask('PUT', '/instances/s123456', { id: 's123456', running: true, phase: '', url: '', ...wish });
  expect(made).toMatchObject({ status: 201 });
  expect(JSON.parse(made.text)).toMatchObject({ id: 's123456', template: 'exams/algorithms', running: true });
  const { spec } = await lab.admin.get(instances, 's123456', EXAM_NAMESPACE);
  expect(spec).toMatchObject({
    prettyName: 'Exam s123456',
    statusCheckUrl,
    contentUrls: { desktop: { destination: 'https://hand-in.invalid/' } },
  });
  await eventually(async () => expect(JSON.parse((await ask('GET', '/instance/s123456')).text)).toMatchObject({ phase: 'Ready' }));
  const { location, status } = await ask('GET', '/instance/s123456', undefined, HTML);
  expect({ location, status }).toEqual({ location: expect.stringMatching(/\/instance\/[-\w]+\/desktop\/$/), status: 302 });

  const read = JSON.parse((await ask('GET', '/instance/s123456')).text) as object;
  const widened = { ...read, labels: { session: 'june', 'crownlabs.polito.it/workspace': 'other' } };
  expect(await ask('PUT', '/instance/s123456', widened)).toMatchObject({ status: 200 });
  expect((await lab.admin.get(instances, 's123456', EXAM_NAMESPACE)).metadata.labels).toMatchObject({
    'crownlabs.polito.it/workspace': 'exams',
  });

  const opens = async (username: string, subresource: string) =>
    (
      await review(
        lab.admin,
        { username, groups: [] },
        { verb: 'get', group: 'crownlabs.polito.it', resource: 'instances', subresource, name: 's123456', namespace: EXAM_NAMESPACE },
      )
    ).allowed;
  expect([await opens('ada', 'control'), await opens('ada', 'power'), await opens('eve', 'view')]).toEqual([true, false, false]);
  expect(JSON.parse((await ask('GET', '/instances?session=june')).text)).toHaveLength(1);
  expect(JSON.parse((await ask('GET', '/instances?session=july')).text)).toEqual([]);

  exam.status = 404;
  await lab.admin.patch(instances, 's123456', EXAM_NAMESPACE, { spec: { running: false } });
  await eventually(async () => expect(JSON.parse((await ask('GET', '/instance/s123456')).text)).toMatchObject({ running: false }));
  expect(await ask('GET', '/instance/s123456', undefined, HTML)).toMatchObject({ status: 410, text: expect.stringContaining('over') });
  expect(await ask('DELETE', '/instance/s123456')).toMatchObject({ status: 204 });
  await eventually(async () => expect(await ask('GET', '/instance/s123456')).toMatchObject({ status: 404 }));
});

test('a browser sees that its environment starts, and looks again; what does not start says why', async () => {
  await using it = await world();
  const { lab, ask } = it;
  lab.node.desktopsAnswer = false;
  await ask('PUT', '/instance/slow', { template: 'algorithms' });
  expect(await ask('GET', '/instance/slow', undefined, HTML)).toMatchObject({
    status: 201,
    refresh: '2',
    text: expect.stringContaining('starting'),
  });
  await lab.admin.patch(tenants, EXAM_TENANT, undefined, { spec: { workspaces: [] } });
  await ask('PUT', '/instance/stranger', { template: 'algorithms' });
  await eventually(async () =>
    expect(await ask('GET', '/instance/stranger', undefined, HTML)).toMatchObject({
      status: 500,
      text: expect.stringContaining('not in the workspace'),
    }),
  );
});

test('templates are listed, and what makes no sense is refused in words', async () => {
  await using it = await world();
  const { ask } = it;
  expect(JSON.parse((await ask('GET', '/templates')).text)).toMatchObject([{ id: 'algorithms', environments: ['desktop'] }]);
  expect(JSON.parse((await ask('GET', '/template/algorithms')).text)).toMatchObject({ id: 'algorithms' });
  const tries: [number, unknown][] = [
    [422, { running: true }],
    [422, { template: 'algorithms', shell: 'yes' }],
    [422, { template: 'algorithms', id: 'another' }],
    [422, { template: 'algorithms', contentUrls: { nowhere: { destination: 'https://a.invalid/' } } }],
    [404, { template: 'none' }],
  ];
  for (const [status, body] of tries) expect(await ask('PUT', '/instances/x', body)).toMatchObject({ status });
  expect(await ask('POST', '/instances', {})).toMatchObject({ status: 405 });
  expect(await ask('GET', '/secrets')).toMatchObject({ status: 404 });
  expect(await ask('DELETE', '/instances/none')).toMatchObject({ status: 404 });
});

test('who calls is said by the last hop that is no proxy of ours, not by the caller', () => {
  const may = callers({ allowed: ['192.0.2.0/24', '2001:db8::/32'], trustedProxies: ['10.0.0.1'] });
  expect(may('192.0.2.7', undefined)).toBe(true);
  expect(may('::ffff:192.0.2.7', undefined)).toBe(true);
  expect(may('2001:db8::1', undefined)).toBe(true);
  expect(may('10.0.0.1', '192.0.2.7')).toBe(true);
  expect(may('10.0.0.1', '192.0.2.7, 198.51.100.1')).toBe(false);
  expect(may('198.51.100.1', '192.0.2.7')).toBe(false);
  expect(may('10.0.0.1', undefined)).toBe(false);
  expect(may(undefined, '192.0.2.7')).toBe(false);
  expect(may('10.0.0.1', 'nonsense')).toBe(false);
  expect(() => callers({ allowed: ['192.0.2.0/40'], trustedProxies: [] })).toThrow('no network');
});
