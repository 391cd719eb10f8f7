import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { type ApiRequest, namespaces, persistentVolumes, readText, roleBindings } from '@crownlabs/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTEMPTS } from './attack-table.ts';
import type { Attacker, Attempt } from './attempt.ts';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

// Everything that is not theirs, tried against the real rights and the real admission: none of it may succeed.

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab({ config: { drive: undefined } });
  for (const name of ['net', 'art', 'secret']) await lab.admin.create(workspaces, workspace(name));
  await lab.admin.create(tenants, tenant('student', { net: 'user', art: 'user' }, { createSandbox: true }));
  await lab.admin.create(tenants, tenant('victim', { net: 'user' }));
  await lab.admin.create(tenants, tenant('ada.lovelace', { net: 'user' }));
  await lab.admin.create(tenants, tenant('artist', { art: 'manager' }));
  const spaces = [
    'workspace-net',
    'workspace-art',
    'workspace-secret',
    'tenant-student',
    'tenant-victim',
    'tenant-artist',
    'sandbox-student',
  ];
  await eventually(() => Promise.all(spaces.map((name) => lab.admin.get(namespaces, name))), 20_000);
  await eventually(() => lab.admin.get(roleBindings, 'sandbox-editor', 'sandbox-student'), 20_000);
  for (const name of ['net', 'art', 'secret']) await lab.admin.create(templates, template(name, 'desktop', [environment('desktop')]));
  await lab.admin.create(instances, instance('victim', 'theirs', { workspace: 'net', template: 'desktop' }));
  // An exam, which its candidate would like to have more time for. Its system is not asked: the address is nobody's.
  const statusCheckUrl = 'https://exam.invalid/';
  await lab.admin.create(instances, instance('student', 'elsewhere', { workspace: 'net', template: 'desktop' }, { statusCheckUrl }));
  await lab.admin.create(instances, instance('student', 'his-own', { workspace: 'art', template: 'desktop' }));
  await lab.settled();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const signedIn = ['system:authenticated'];
const PEOPLE: Readonly<Record<Attacker, { readonly username: string; readonly groups: string[] } | undefined>> = {
  student: { username: 'student', groups: ['kubernetes:workspace-net:user', 'kubernetes:workspace-art:user', ...signedIn] },
  'student in the sandbox': {
    username: 'student',
    groups: ['kubernetes:workspace-net:user', 'kubernetes:workspace-art:user', ...signedIn],
  },
  'manager of another workspace': { username: 'artist', groups: ['kubernetes:workspace-art:manager', ...signedIn] },
  anonymous: undefined,
};

async function send({ who, method, path, body, patchType }: Pick<Attempt, 'who' | 'method' | 'path' | 'body' | 'patchType'>) {
  const person = PEOPLE[who];
  const transport = person ? lab.api.transport(person) : lab.api.transport();
  const headers = { 'content-type': method === 'PATCH' ? (patchType ?? 'application/merge-patch+json') : 'application/json' };
  const request: ApiRequest = { method, path, ...(body === undefined ? {} : { body: JSON.stringify(body), headers }) };
  const answer = await transport(request);
  return { status: answer.status, text: await readText(answer.body) };
}

test.each(ATTEMPTS)('$who $what: refused', async (attempt) => {
  const { status, text } = await send(attempt);
  expect({ status, text }).toMatchObject({ status: expect.toSatisfy((code: number) => (attempt.refused ?? [403]).includes(code)) });
  if (attempt.because) expect(text).toMatch(attempt.because);
});

test('at least 200 were tried, twenty of them ways out of a sandbox pod', () => {
  expect(ATTEMPTS.length).toBeGreaterThanOrEqual(200);
  expect(ATTEMPTS.filter(({ who, path }) => who === 'student in the sandbox' && path.endsWith('/pods')).length).toBeGreaterThanOrEqual(20);
  expect(new Set(ATTEMPTS.map(({ who, what }) => `${who} ${what}`)).size).toBe(ATTEMPTS.length);
});

test('the same people may do what is theirs, so that it is not the table that refuses', async () => {
  const own = '/apis/crownlabs.polito.it/v1alpha2/namespaces/tenant-student/instances';
  const allowed: Pick<Attempt, 'who' | 'method' | 'path' | 'body'>[] = [
    { who: 'student', method: 'GET', path: own },
    { who: 'student', method: 'PATCH', path: `${own}/elsewhere`, body: { spec: { prettyName: 'Mine' } } },
    { who: 'student', method: 'PATCH', path: `${own}/elsewhere`, body: { metadata: { annotations: { 'example.org/note': 'mine' } } } },
    { who: 'manager of another workspace', method: 'GET', path: `${own}/his-own` },
    { who: 'manager of another workspace', method: 'PATCH', path: `${own}/his-own`, body: { spec: { running: false } } },
    { who: 'manager of another workspace', method: 'GET', path: '/apis/crownlabs.polito.it/v1alpha2/namespaces/workspace-art/templates' },
    { who: 'student in the sandbox', method: 'GET', path: '/api/v1/namespaces/sandbox-student/pods' },
  ];
  for (const one of allowed) expect({ ...one, ...(await send(one)) }).toMatchObject({ status: 200 });
  const hardened = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'good' },
    spec: {
      securityContext: { runAsNonRoot: true },
      containers: [
        {
          name: 'c',
          image: 'c',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
        },
      ],
    },
  };
  const made = await send({
    who: 'student in the sandbox',
    method: 'POST',
    path: '/api/v1/namespaces/sandbox-student/pods',
    body: hardened,
  });
  expect(made).toMatchObject({ status: 201 });
});

test('a copy of an instance brings no notes of the lab along', async () => {
  const made = instance('student', 'copied', { workspace: 'art', template: 'desktop' }, { running: false });
  const annotations = { 'crownlabs.polito.it/last-activity': '2099-01-01T00:00:00Z', 'example.org/note': 'mine' };
  const body = { ...made, metadata: { ...made.metadata, annotations } };
  const path = '/apis/crownlabs.polito.it/v1alpha2/namespaces/tenant-student/instances';
  const { status, text } = await send({ who: 'student', method: 'POST', path, body });
  expect({ status, text }).toMatchObject({ status: 201 });
  const found = (await lab.admin.get(instances, 'copied', 'tenant-student')).metadata.annotations ?? {};
  expect(found).toMatchObject({ 'example.org/note': 'mine' });
  expect(Date.parse(found['crownlabs.polito.it/last-activity'] ?? '2000-01-01T00:00:00Z')).toBeLessThan(Date.now() + 1000);
});

test('an instance without a spec, which the schema lets through, is refused in words', async () => {
  const body = { apiVersion: 'crownlabs.polito.it/v1alpha2', kind: 'Instance', metadata: { name: 'hollow' } };
  const path = '/apis/crownlabs.polito.it/v1alpha2/namespaces/tenant-student/instances';
  const { status, text } = await send({ who: 'student', method: 'POST', path, body });
  expect({ status, text }).toMatchObject({ status: 422, text: expect.stringContaining('needs a spec') });
});

test("a claim that calls itself a mirror gets nobody's volume", async () => {
  const body = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'mirror',
      labels: { 'crownlabs.polito.it/managed-by': 'instance', 'crownlabs.polito.it/volume-type': 'mirror' },
      annotations: { 'pmp.crownlabs.polito.it/mirror-of': 'mydrive-pvcs/victim-drive' },
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'pvc-mirror',
      volumeName: 'sandbox-student.mirror',
      resources: { requests: { storage: '1' } },
    },
  };
  const path = '/api/v1/namespaces/sandbox-student/persistentvolumeclaims';
  expect(await send({ who: 'student in the sandbox', method: 'POST', path, body })).toMatchObject({ status: 201 });
  await lab.settled();
  expect(await lab.admin.find(persistentVolumes, 'sandbox-student.mirror')).toBeUndefined();
});
