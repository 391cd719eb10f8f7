import { Environment, type Instance } from '@crownlabs/api';
import { expect, test } from 'vitest';
import { driveMount } from './mounts.ts';
import { podSpec } from './pod.ts';

const instance: Instance = {
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'Instance',
  metadata: { name: 'i', namespace: 'tenant-a', uid: 'u1' },
  spec: {
    'template.crownlabs.polito.it/TemplateRef': { name: 't', namespace: 'workspace-w' },
    'tenant.crownlabs.polito.it/TenantRef': { name: 'a' },
    running: true,
  },
};

const environment = (extra: object = {}) =>
  Environment.parse({
    name: 'web',
    image: 'crownlabs/jupyter:1',
    environmentType: 'Standalone',
    resources: { cpu: 2, memory: '1Gi', reservedCPUPercentage: 25 },
    ...extra,
  });

const context = { contentToolsImage: 'tools:1', mounts: [], nodeSelector: undefined, name: 'i-web' };

test('a standalone application runs as 1010 without rights, below its path', () => {
  const pod = podSpec(instance, environment(), context);
  const [container] = pod.containers;
  expect(pod.securityContext).toMatchObject({ runAsUser: 1010, runAsGroup: 1010, fsGroup: 1010, runAsNonRoot: true });
  expect(container?.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  expect(container?.readinessProbe?.httpGet).toEqual({ path: '/instance/u1/web', port: 'gui' });
  expect(container?.resources).toEqual({ requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } });
  expect(container?.env?.map(({ name, value }) => [name, value])).toEqual([
    ['CROWNLABS_CPU_REQUESTS', undefined],
    ['CROWNLABS_CPU_LIMITS', undefined],
    ['CROWNLABS_BASE_PATH', '/instance/u1/web'],
    ['CROWNLABS_LISTEN_PORT', '6080'],
  ]);
  expect(pod.initContainers).toBeUndefined();
});

test('with rewriteURL the application is asked at its root', () => {
  const pod = podSpec(instance, environment({ rewriteURL: true }), context);
  expect(pod.containers[0]?.readinessProbe?.httpGet?.path).toBe('/');
});

test('data is a claim when persistent, else a directory that goes with the pod; the drive is mounted where there is one', () => {
  const persistent = podSpec(instance, environment({ persistent: true }), { ...context, mounts: [driveMount('a.b')] });
  expect(persistent.volumes?.find(({ name }) => name === 'persistent')).toMatchObject({ persistentVolumeClaim: { claimName: 'i-web' } });
  expect(persistent.volumes?.find(({ name }) => name === 'a-b-drive-mirror')).toMatchObject({
    persistentVolumeClaim: { claimName: 'a-b-drive-mirror' },
  });
  expect(persistent.containers[0]?.volumeMounts).toContainEqual({ name: 'a-b-drive-mirror', mountPath: '/media/mydrive' });
  expect(podSpec(instance, environment(), context).volumes?.find(({ name }) => name === 'persistent')).toMatchObject({ emptyDir: {} });
});

test('start-up options reach the program, and an archive is downloaded before it starts', () => {
  const options = { contentPath: '/work', startupArgs: ['--lab'], enforceWorkdir: true, sourceArchiveURL: 'https://example.org/a.zip' };
  const pod = podSpec(instance, environment({ containerStartupOptions: options }), context);
  expect(pod.containers[0]).toMatchObject({ args: ['--lab'], workingDir: '/work' });
  expect(pod.containers[0]?.volumeMounts).toContainEqual({ name: 'persistent', mountPath: '/work' });
  expect(pod.initContainers?.[0]).toMatchObject({ name: 'content-downloader', image: 'tools:1', args: ['download'] });
});

test.each([
  ['what it needs', { cpu: 2, memory: '4Gi' }, { requests: { cpu: '500m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } }],
  [
    'no more than the environment has',
    { cpu: '250m', memory: '64Mi' },
    { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '250m', memory: '64Mi' } },
  ],
])('who unpacks the archive gets %s', (_what, size, expected) => {
  const containerStartupOptions = { sourceArchiveURL: 'https://example.org/a.zip' };
  const small = environment({ containerStartupOptions, resources: { ...size, reservedCPUPercentage: 10 } });
  expect(podSpec(instance, small, context).initContainers?.[0]?.resources).toEqual(expected);
});

test('whoever wants a volume where shared memory would be gets the volume', () => {
  const mounts = [{ claim: 'c', path: '/dev/shm', readOnly: false }];
  const [container] = podSpec(instance, environment(), { ...context, mounts }).containers;
  expect(container?.volumeMounts?.filter(({ mountPath }) => mountPath === '/dev/shm')).toEqual([{ name: 'c', mountPath: '/dev/shm' }]);
});

test("an instance's own archive wins over the template's", () => {
  const own = { ...instance, spec: { ...instance.spec, contentUrls: { web: { origin: 'https://example.org/exam.zip' } } } };
  const pod = podSpec(own, environment({ containerStartupOptions: { sourceArchiveURL: 'https://example.org/a.zip' } }), context);
  expect(pod.initContainers?.[0]?.env?.[0]).toEqual({ name: 'SOURCE_ARCHIVE', value: 'https://example.org/exam.zip' });
});
