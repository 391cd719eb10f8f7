import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { jobs, namespaces } from '@crownlabs/client';
import { AUTOMATION } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { endJob } from './end-job.ts';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { movingClock } from './moving-clock.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';
const LABEL = (name: string) => `crownlabs.polito.it/${name}`;

/** The examiner's system. */
async function examiner() {
  const said = { status: 200, body: '{}' as string, asked: 0 };
  const server = createServer((_request, response) => {
    said.asked += 1;
    response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { said, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`, [Symbol.dispose]: () => void server.close() };
}

async function exam(statusCheckUrl: string, { reachable = ['127.0.0.1'], destination = 'https://hand-in.invalid/' } = {}) {
  const clock = movingClock();
  const lab = await startTestLab({ clock, config: { keepStoppedMs: 0, automation: { ...AUTOMATION, reachable } } });
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  const disk = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
  await lab.admin.create(templates, template('net', 'exam', [environment('desktop', disk), environment('shell')]));
  const contentUrls = { desktop: { destination }, shell: { destination } };
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'exam' }, { statusCheckUrl, contentUrls }));
  // An exam that is over from the beginning may be stopped before anybody saw it Ready.
  await eventually(async () => expect(['Ready', 'Off']).toContain((await mine(lab)).status?.phase));
  await lab.settled();
  return { lab, clock, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

const mine = (lab: TestLab): Promise<Instance> => lab.admin.get(instances, 'mine', NS);
const automation = async (lab: TestLab, environment: string) =>
  (await mine(lab)).status?.environments?.find(({ name }) => name === environment)?.automation ?? {};
const labels = async (lab: TestLab) => (await mine(lab)).metadata.labels ?? {};
const said = async (lab: TestLab, type: string) => (await mine(lab)).status?.conditions?.find((it) => it.type === type);

async function poke(lab: TestLab): Promise<void> {
  await lab.admin.patch(instances, 'mine', NS, { metadata: { annotations: { 'test/poke': crypto.randomUUID() } } });
  await lab.settled();
}

test('8.1.20 an exam goes on while its system says 200, and is asked for again after the interval, not before', async () => {
  using teacher = await examiner();
  const deadline = new Date(Date.now() + 3_600_000).toISOString();
  teacher.said.body = JSON.stringify({ error: '', deadline, idnumber: 's123456' });
  await using world = await exam(teacher.url);
  const { lab, clock } = world;
  await eventually(async () => expect(await automation(lab, 'desktop')).toHaveProperty('lastCheckTime'));
  await lab.settled();
  expect(await labels(lab)).toMatchObject({ [LABEL('watch-for-instance-termination')]: 'true' });
  expect(await automation(lab, 'desktop')).toMatchObject({ terminationTime: `${deadline.slice(0, 19)}Z` });
  const asked = teacher.said.asked;
  await poke(lab);
  expect(teacher.said.asked).toBe(asked);
  clock.pass(121_000);
  await poke(lab);
  expect(teacher.said.asked).toBe(asked + 1);
});

test('8.1.20 404 ends an exam, and the work is handed in once', async () => {
  using teacher = await examiner();
  teacher.said.status = 404;
  await using world = await exam(teacher.url);
  const { lab } = world;
  const job = await eventually(() => lab.admin.get(jobs, 'mine-desktop-submitter', NS));
  expect((await lab.admin.list(jobs, { namespace: NS })).items).toHaveLength(1);
  expect(job.spec).toMatchObject({
    backoffLimit: 10,
    ttlSecondsAfterFinished: 300,
    template: {
      spec: {
        containers: [
          {
            name: 'content-uploader',
            args: ['upload'],
            env: [
              { name: 'SOURCE_PATH', value: '/media/data' },
              { name: 'DESTINATION_URL', value: 'https://hand-in.invalid/' },
              { name: 'FILENAME', value: 'mine-desktop' },
            ],
          },
        ],
        volumes: [{ persistentVolumeClaim: { claimName: 'mine-desktop' } }, {}],
      },
    },
  });
  await eventually(async () =>
    expect(await labels(lab)).toMatchObject({
      [LABEL('watch-for-instance-termination')]: 'false',
      [LABEL('environment-name')]: 'desktop',
      [LABEL('instance-submission-requested')]: 'false',
      [LABEL('instance-submission-completed')]: 'true',
    }),
  );
  await lab.settled();
  expect((await mine(lab)).spec.running).toBe(false);
  expect(await automation(lab, 'desktop')).toHaveProperty('submissionTime');
  expect(await automation(lab, 'shell')).not.toHaveProperty('submissionTime');
  expect(await said(lab, 'Submitted')).toMatchObject({ status: 'True', reason: 'HandedIn' });
});

test('8.1.20 work that cannot be handed in yet is safe, told of, and tried again', async () => {
  using teacher = await examiner();
  await using world = await exam(teacher.url);
  const { lab, clock } = world;
  lab.node.jobsEnd = 'never';
  teacher.said.status = 404;
  clock.pass(121_000);
  await poke(lab);
  await eventually(() => lab.admin.get(jobs, 'mine-desktop-submitter', NS));
  await eventually(async () => expect(await said(lab, 'Submitted')).toMatchObject({ status: 'False', reason: 'HandingIn' }));
  await endJob(lab.admin, { name: 'mine-desktop-submitter', namespace: NS }, 'Failed');
  await eventually(async () => expect(await said(lab, 'Submitted')).toMatchObject({ status: 'False', reason: 'SubmissionFailed' }));
  const first = (await lab.admin.get(jobs, 'mine-desktop-submitter', NS)).metadata.uid;
  await lab.admin.delete(jobs, 'mine-desktop-submitter', NS, { propagationPolicy: 'Background' });
  lab.node.jobsEnd = 'Succeeded';
  const second = await eventually(() => lab.admin.get(jobs, 'mine-desktop-submitter', NS));
  expect(second.metadata.uid).not.toBe(first);
  await eventually(async () => expect(await labels(lab)).toMatchObject({ [LABEL('instance-submission-completed')]: 'true' }));
});

test('8.1.20 an answer that says nothing is asked for again, and the instance runs on', async () => {
  using teacher = await examiner();
  teacher.said.status = 500;
  await using world = await exam(teacher.url);
  const { lab, clock } = world;
  await eventually(async () => expect(await said(lab, 'ExamStatusKnown')).toMatchObject({ status: 'False' }));
  await lab.settled();
  const asked = teacher.said.asked;
  await poke(lab);
  expect(teacher.said.asked).toBe(asked);
  expect((await mine(lab)).spec.running).toBe(true);
  teacher.said.status = 200;
  clock.pass(60_000);
  await poke(lab);
  await eventually(async () => expect(await said(lab, 'ExamStatusKnown')).toBeUndefined());
  expect(teacher.said.asked).toBe(asked + 1);
});

test('7.2 the address of an exam does not reach what is not public: loopback, private networks, metadata services', async () => {
  using teacher = await examiner();
  await using world = await exam(teacher.url, { reachable: [] });
  await eventually(async () => expect((await said(world.lab, 'ExamStatusKnown'))?.message).toContain('not a public address'));
  expect(teacher.said.asked).toBe(0);
  expect((await mine(world.lab)).spec.running).toBe(true);
});

test('7.2 work is not handed in to an address that is not public', async () => {
  using teacher = await examiner();
  teacher.said.status = 404;
  await using world = await exam(teacher.url, { destination: 'http://169.254.169.254/' });
  await eventually(async () => expect(await said(world.lab, 'Submitted')).toMatchObject({ status: 'False', reason: 'SubmissionRefused' }));
  expect((await world.lab.admin.list(jobs, { namespace: NS })).items).toEqual([]);
});
