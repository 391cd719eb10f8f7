import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configMaps, events, leases, namespaces, nodes, pods, secrets } from '@crownlabs/client';
import { type ContainerSpec, environment, type FakeProgram, shell, untilStopped } from '@crownlabs/runtime';
import { afterEach, expect, test } from 'vitest';
import { is, type Lab, lab, NAMESPACE, NODE } from './lab.test-support.ts';

const open: Lab[] = [];
async function start(...args: Parameters<typeof lab>): Promise<Lab> {
  const made = await lab(...args);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.end();
});

async function eventReasons({ client }: Lab): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, 30));
  return (await client.list(events, { namespace: NAMESPACE })).items.map(({ reason }) => reason ?? '');
}

const recording = (specs: ContainerSpec[], program: FakeProgram = environment) => ({
  program: (spec: ContainerSpec) => {
    specs.push(spec);
    return program;
  },
});

test('the node registers itself with what the machine has, is ready and keeps its lease', async () => {
  const { client } = await start();
  const node = await client.get(nodes, NODE);
  expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  expect(Object.keys(node.status?.allocatable ?? {})).toEqual(expect.arrayContaining(['cpu', 'memory', 'pods', 'ephemeral-storage']));
  expect(node.metadata.labels?.['kubernetes.io/hostname']).toBe(NODE);
  await expect.poll(async () => (await client.find(leases, NODE, 'kube-node-lease'))?.spec?.holderIdentity).toBe(NODE);
});

test('a bound pod runs, gets an address and becomes ready when its probe answers', async () => {
  let listen = () => undefined as void;
  const program: FakeProgram = (process) => {
    listen = () => process.listen(6080, (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')));
    return untilStopped(process);
  };
  const it = await start({ program: () => program });
  const readinessProbe = { httpGet: { path: '/', port: 6080 }, periodSeconds: 1 };
  await it.pod('web', { containers: [{ name: 'web', image: 'a:1', readinessProbe }] });
  const running = await it.until('web', (pod) => pod?.status?.phase === 'Running');
  expect(running?.status?.podIP).toMatch(/^10\./);
  expect(is('Ready')(running)).toBe(false);
  const before = performance.now();
  listen();
  const ready = await it.until('web', is('Ready'));
  expect(performance.now() - before).toBeLessThan(500);
  expect(ready?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0, state: { running: {} } });
});

test('a start costs two writes at most', async () => {
  const it = await start();
  await it.pod('few', { containers: [{ name: 'web', image: 'a:1', readinessProbe: { tcpSocket: { port: 5900 } } }] });
  const watched: string[] = [];
  await it.until('few', (pod) => {
    watched.push(pod?.metadata.resourceVersion ?? '');
    return is('Ready')(pod);
  });
  expect(new Set(watched).size).toBeLessThanOrEqual(3);
});

test('init containers run in order before the others; a failing one is repeated', async () => {
  const order: string[] = [];
  let broken = true;
  const it = await start({
    program: (spec) => async (process) => {
      order.push(spec.name);
      if (spec.name === 'second' && broken) {
        broken = false;
        return 1;
      }
      return spec.name === 'main' ? untilStopped(process) : 0;
    },
  });
  await it.pod('ordered', {
    initContainers: [
      { name: 'first', image: 'a:1' },
      { name: 'second', image: 'a:1' },
    ],
    containers: [{ name: 'main', image: 'a:1' }],
  });
  const pod = await it.until('ordered', is('Ready'));
  expect(order).toEqual(['first', 'second', 'second', 'main']);
  expect(pod?.status?.initContainerStatuses?.map(({ restartCount, state }) => [restartCount, state?.terminated?.exitCode])).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

test('a crashed container is started again at once, then with back-off, and says why', async () => {
  const it = await start({ program: () => environment });
  await it.pod('crashing');
  await it.until('crashing', is('Ready'));
  it.runtime.crash('crashing', 'desktop', 137, true);
  const again = await it.until('crashing', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && is('Ready')(pod));
  expect(again?.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
  it.runtime.crash('crashing', 'desktop', 1);
  const waiting = await it.until('crashing', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff');
  expect(is('Ready')(waiting)).toBe(false);
  expect(await eventReasons(it)).toContain('BackOff');
});

test('a pod that is not to be restarted ends as its containers did', async () => {
  const it = await start({ program: () => shell });
  const container = (code: number) => ({ name: 'job', image: 'a:1', command: ['say', 'bye', String(code)] });
  await it.pod('well', { restartPolicy: 'Never', containers: [container(0)] });
  await it.pod('badly', { restartPolicy: 'Never', containers: [container(3)] });
  const well = await it.until('well', (pod) => pod?.status?.phase === 'Succeeded');
  const badly = await it.until('badly', (pod) => pod?.status?.phase === 'Failed');
  expect(well?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(badly?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
});

test('what a container said last before it failed is told where its pod wants that', async () => {
  const it = await start({ program: () => shell });
  const container = { name: 'job', image: 'a:1', command: ['say', 'no such disk', '3'] };
  await it.pod('says', { restartPolicy: 'Never', containers: [{ ...container, terminationMessagePolicy: 'FallbackToLogsOnError' }] });
  await it.pod('keeps', { restartPolicy: 'Never', containers: [container] });
  const messageOf = async (name: string) =>
    (await it.until(name, (pod) => pod?.status?.phase === 'Failed'))?.status?.containerStatuses?.[0]?.state?.terminated?.message;
  expect((await messageOf('says'))?.trim()).toBe('no such disk');
  expect(await messageOf('keeps')).toBeUndefined();
});

test('a deleted pod is ended, its containers and directories are gone, and then its object', async () => {
  const it = await start();
  const pod = await it.pod('doomed', {
    containers: [{ name: 'a', image: 'a:1', volumeMounts: [{ name: 'scratch', mountPath: '/s' }] }],
    volumes: [{ name: 'scratch', emptyDir: {} }],
  });
  await it.until('doomed', is('Ready'));
  await it.client.delete(pods, 'doomed', NAMESPACE);
  await it.until('doomed', (now) => now === undefined);
  expect(await it.runtime.pods()).toEqual([]);
  await expect(readFile(join(it.dataDir, 'pods', pod.metadata.uid ?? '', 'x'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what reaches for the host is refused with an Event and never started; a trusted namespace may', async () => {
  const it = await start();
  const main = { name: 'main', image: 'a:1' };
  // The API would refuse most of these itself: the agent must not rely on that.
  await it.pod('mounts', { containers: [main], volumes: [{ name: 'root', hostPath: { path: '/' } }] });
  await it.pod('network', { containers: [main], hostNetwork: true });
  await it.pod('mighty', { containers: [{ ...main, securityContext: { privileged: true } }] });
  await it.pod('capable', { containers: [{ ...main, securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] });
  await it.pod('port', { containers: [{ ...main, ports: [{ containerPort: 80, hostPort: 80 }] }] });
  for (const name of ['mounts', 'network', 'mighty', 'capable', 'port']) {
    const pod = await it.until(name, (now) => now?.status?.phase === 'Failed');
    expect(pod?.status).toMatchObject({ reason: 'Forbidden' });
  }
  expect(it.runtime.startedCount).toBe(0);
  expect(await eventReasons(it)).toContain('Forbidden');
  await it.client.patch(namespaces, NAMESPACE, undefined, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } });
  await it.pod('trusted', { containers: [main], hostPID: true });
  await it.until('trusted', is('Ready'));
});

test('variables and volumes carry what they refer to', async () => {
  const specs: ContainerSpec[] = [];
  const it = await start(recording(specs));
  const { client } = it;
  const metadata = { namespace: NAMESPACE };
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, name: 's' },
    data: { word: Buffer.from('tal').toString('base64') },
  });
  await client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, name: 'c' },
    data: { 'a.txt': 'alpha', B: 'beta' },
  });
  const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
  await it.pod('full', {
    containers: [
      {
        name: 'main',
        image: 'a:1',
        resources: { limits: { cpu: '1500m', memory: '1Gi' } },
        envFrom: [{ configMapRef: { name: 'c' }, prefix: 'C_' }],
        env: [
          { name: 'NAME', valueFrom: field('metadata.name') },
          { name: 'IP', valueFrom: field('status.podIP') },
          { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
          { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'word' } } },
          { name: 'GREETING', value: 'I am $(NAME), $$(not) $(UNKNOWN)' },
        ],
        args: ['--name=$(NAME)'],
        volumeMounts: [
          { name: 'config', mountPath: '/config', readOnly: true },
          { name: 'shm', mountPath: '/dev/shm' },
        ],
      },
    ],
    volumes: [
      {
        name: 'config',
        projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's', items: [{ key: 'word', path: 'deep/word' }] } }] },
      },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
    ],
  });
  await it.until('full', is('Ready'));
  const [spec] = specs;
  const env = new Map(spec?.env);
  expect(Object.fromEntries(env)).toMatchObject({
    C_B: 'beta',
    NAME: 'full',
    CPUS: '2',
    SECRET: 'tal',
    GREETING: 'I am full, $(not) $(UNKNOWN)',
  });
  expect(env.get('IP')).toMatch(/^10\./);
  expect(spec?.args).toEqual(['--name=full']);
  expect(spec?.limits).toMatchObject({ cpus: 1.5, memoryBytes: 2 ** 30 });
  expect(spec?.sharedMemoryBytes).toBe(64 << 20);
  const [config] = spec?.mounts ?? [];
  const source = config?.kind === 'bind' ? config.source : '';
  expect(await readFile(join(source, 'a.txt'), 'utf8')).toBe('alpha');
  expect(await readFile(join(source, 'deep/word'), 'utf8')).toBe('tal');
});

test('a missing Secret keeps the pod waiting with a reason, and it starts when the Secret comes', async () => {
  const it = await start();
  await it.pod('waiting', {
    containers: [{ name: 'main', image: 'a:1', env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'late', key: 'x' } } }] }],
  });
  const waiting = await it.until(
    'waiting',
    (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(waiting?.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('secret "late" not found');
  await it.client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'late', namespace: NAMESPACE },
    stringData: { x: '1' },
  });
  await it.until('waiting', is('Ready'));
});

test('a missing image is said to be missing, and the pod starts as soon as the image is there', async () => {
  const it = await start({ images: [] });
  await it.pod('early');
  const waiting = await it.until('early', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull');
  expect(waiting?.status?.phase).toBe('Pending');
  const { Readable } = await import('node:stream');
  const before = performance.now();
  await it.runtime.images.import(Readable.from([]), { reference: 'localhost/crownlabs/desktop:1', config: {} });
  await it.until('early', is('Ready'));
  expect(performance.now() - before).toBeLessThan(500);
});

test('an image that is mounted and cannot be had is said to be missing by the container that waits for it', async () => {
  const it = await start({ images: ['a:1'] });
  await it.pod('mounts', {
    containers: [{ name: 'main', image: 'a:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [Object.assign({ name: 'data' }, { image: { reference: 'nobody/has:1' } })],
  });
  const pod = await it.until('mounts', (now) => now?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull');
  expect(pod?.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('nobody/has:1');
});

test('a container that must not be root is not started as root', async () => {
  const it = await start();
  await it.pod('rooted', { securityContext: { runAsNonRoot: true }, containers: [{ name: 'main', image: 'a:1' }] });
  const pod = await it.until(
    'rooted',
    (now) => now?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(pod?.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('would run as root');
});

test('a restarted agent takes over what runs: same containers, still ready, no restart', async () => {
  const it = await start();
  await it.pod('kept', { containers: [{ name: 'main', image: 'a:1', readinessProbe: { tcpSocket: { port: 5900 } } }] });
  const before = await it.until('kept', is('Ready'));
  await it.restart();
  expect(it.runtime.startedCount).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const after = await it.client.get(pods, 'kept', NAMESPACE);
  expect(after.status).toEqual(before?.status);
  await it.client.delete(pods, 'kept', NAMESPACE);
  await it.until('kept', (pod) => pod === undefined);
  expect(await it.runtime.pods()).toEqual([]);
});

test('what ended or lost its object while no agent looked is put right by the next one', async () => {
  const it = await start();
  await it.pod('ended');
  await it.pod('orphan');
  await Promise.all([it.until('ended', is('Ready')), it.until('orphan', is('Ready'))]);
  await it.stop();
  it.runtime.crash('ended', 'desktop', 1);
  await it.client.delete(pods, 'orphan', NAMESPACE, { gracePeriodSeconds: 0 });
  await it.restart();
  const pod = await it.until('ended', (now) => now?.status?.containerStatuses?.[0]?.restartCount === 1 && is('Ready')(now));
  expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(1);
  expect((await it.runtime.pods()).map(({ name }) => name)).toEqual(['ended']);
});

test('a pod that loses its network is started again and counts a restart', async () => {
  const it = await start();
  await it.pod('lost');
  const before = await it.until('lost', is('Ready'));
  it.runtime.losePod('lost');
  const after = await it.until('lost', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && is('Ready')(pod));
  expect(after?.status?.podIP).not.toBe(before?.status?.podIP);
});

test('a container that does not live up to its liveness probe is restarted', async () => {
  const it = await start({ program: () => (process) => untilStopped(process) });
  const livenessProbe = { tcpSocket: { port: 5900 }, periodSeconds: 1, failureThreshold: 1 };
  await it.pod('sick', { containers: [{ name: 'main', image: 'a:1', livenessProbe }] });
  const pod = await it.until('sick', (now) => (now?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
  expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.message).toBe('Liveness probe failed');
});

test('the API reaches logs, commands and ports of a pod through the agent', async () => {
  const it = await start({
    program: () => async (process) => {
      process.print('hello\n');
      return environment(process);
    },
  });
  const pod = await it.pod('seen');
  await it.until('seen', is('Ready'));
  const id = { namespace: NAMESPACE, name: 'seen', uid: pod.metadata.uid ?? '' };
  const signal = AbortSignal.timeout(2_000);
  const log = it.agent.log(id, { container: 'desktop', follow: false, previous: false, timestamps: false, limitBytes: 4 }, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of log) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('hell');
  const session = await it.agent.exec(id, { container: 'desktop', command: ['say', 'ran', '7'], tty: false, stdin: false }, signal);
  expect(await session.exited).toBe(7);
  const socket = await it.agent.dial(id, 5900, signal);
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('RFB 003.008\n');
  expect(() => it.agent.log(id, { container: 'other', follow: false, previous: false, timestamps: false }, signal)).toThrow(/not in pod/);
  expect((await it.agent.podStats())[0]).toMatchObject({ name: 'seen', containers: [{ name: 'desktop' }] });
});

test('two hundred pods at once become ready within seconds', async () => {
  const it = await start({ startDelayMs: () => 100 });
  const names = Array.from({ length: 200 }, (_, n) => `mass-${n}`);
  const before = performance.now();
  await Promise.all(
    names.map((name) => it.pod(name, { containers: [{ name: 'main', image: 'a:1', readinessProbe: { tcpSocket: { port: 5900 } } }] })),
  );
  await Promise.all(names.map((name) => it.until(name, is('Ready'))));
  expect(performance.now() - before).toBeLessThan(6_000);
});
