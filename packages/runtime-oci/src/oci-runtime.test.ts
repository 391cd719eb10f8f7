import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeContract } from '@crownlabs/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_IMAGE } from './busybox-image.test-support.ts';
import { installed } from './engine/machine.ts';
import { requireEngine } from './engine/start-engine.ts';
import { hostCommand } from './host-command.ts';
import { busybox, type RealEngine, realEngine, sh } from './real-engine.test-support.ts';

const DOCKER = '/var/run/docker.sock';
const possible = process.getuid?.() === 0 && (await installed('podman')) && (await installed('busybox'));
const signal = () => AbortSignal.timeout(20_000);
const pod = (namespace: string, name: string) => ({ uid: crypto.randomUUID(), namespace, name, hostname: name });

const commands = {
  idle: ['sleep', '1000'],
  say: (text: string, code: number) => ['sh', '-c', `echo ${text}; exit ${code}`],
  complain: (text: string, code: number) => ['sh', '-c', `echo ${text} >&2; exit ${code}`],
  serve: (port: number, text: string) => ['nc', '-ll', '-p', String(port), '-e', 'echo', text],
  whoami: ['id', '-u'],
  getenv: (name: string) => ['sh', '-c', `echo "$${name}"`],
  cat: ['cat'],
};

describe.skipIf(!possible)('on a real engine', { timeout: 60_000 }, () => {
  let engine: RealEngine;
  beforeAll(async () => void (engine = await realEngine()), 60_000);
  afterAll(() => engine.end(), 60_000);

  test('the engine was proved by a container, and every finding says what was found', () => {
    expect(engine.start.findings.find(({ check }) => check === 'engine')).toMatchObject({ ok: true });
    expect(engine.start.findings.every(({ found }) => found.length > 0)).toBe(true);
  });

  test.skipIf(!existsSync(DOCKER))('Docker keeps the same promises', async () => {
    const docker = await realEngine(DOCKER);
    try {
      const { runtime, proveIsolation } = await docker.open();
      for (const { run } of runtimeContract) await expect(run({ runtime, image: TEST_IMAGE, commands })).resolves.toBeUndefined();
      expect(await proveIsolation()).toMatchObject({ ok: true });
    } finally {
      await docker.end();
    }
  });

  describe('the contract', () => {
    let world: Parameters<(typeof runtimeContract)[number]['run']>[0];
    beforeAll(async () => void (world = { runtime: (await engine.open()).runtime, image: TEST_IMAGE, commands }));
    for (const { name, run } of runtimeContract) {
      test(`keeps the promise: ${name}`, async () => {
        await expect(run(world)).resolves.toBeUndefined();
      });
    }
  });

  test('a restarted process finds its pods, with address and running containers, and they were not touched', async () => {
    const first = await engine.open();
    const spec = pod('tenant-eve', 'kept');
    const { ip } = await first.runtime.createPod(spec, signal());
    const before = await first.runtime.startContainer(spec.uid, busybox(commands.serve(5900, 'still here')), signal());
    await first.shut();

    const second = await engine.open(first.installation);
    const [found] = await second.runtime.pods();
    expect(found).toMatchObject({ uid: spec.uid, namespace: 'tenant-eve', name: 'kept', ip, alive: true });
    expect(found?.containers.map(({ id, state }) => [id, state.phase])).toEqual([[before.id, 'running']]);
    const socket = await second.runtime.dial(spec.uid, 5900, signal());
    socket.destroy();
    await second.runtime.removePod(spec.uid);
    expect(await second.runtime.pods()).toEqual([]);
  });

  test('another installation on the engine is neither seen nor touched', async () => {
    const [mine, other] = [await engine.open(), await engine.open()];
    const spec = pod('tenant-ada', 'theirs');
    await other.runtime.createPod(spec, signal());
    const { id } = await other.runtime.startContainer(spec.uid, busybox(commands.idle), signal());
    expect(await mine.runtime.pods()).toEqual([]);
    await mine.clear();
    expect((await sh(other.runtime, id, 'echo alive')).out).toBe('alive');
  });

  test('after its last pod, no network interface of the tenant is left', async () => {
    const { runtime } = await engine.open();
    const bridges = async () => (await hostCommand(['ip', '-j', 'link', 'show', 'type', 'bridge'])).includes('tenant-short');
    const spec = pod('tenant-short', 'only');
    await runtime.createPod(spec, signal());
    await expect.poll(bridges).toBe(true);
    await runtime.removePod(spec.uid);
    expect(await bridges()).toBe(false);
  });

  test('a container runs as asked: user, read-only root, no capabilities, no new privileges, limits, hostname, mounts', async () => {
    const { runtime } = await engine.open();
    const directory = await mkdtemp(join(tmpdir(), 'crownlabs-mount-'));
    await writeFile(join(directory, 'note'), 'from the host');
    await chmod(directory, 0o755);
    const spec = pod('tenant-ada', 'strict');
    await runtime.createPod(spec, signal());
    const mounts = [
      { kind: 'bind', source: directory, target: '/data', readOnly: true },
      { kind: 'memory', target: '/scratch', sizeBytes: 1 << 20 },
    ] as const;
    const { id } = await runtime.startContainer(spec.uid, busybox(commands.idle, { mounts }), signal());
    expect((await sh(runtime, id, 'id -u; id -g; hostname; cat /data/note')).out).toBe('1010\n1010\nstrict\nfrom the host');
    expect((await sh(runtime, id, 'touch /x')).code).toBe(1);
    expect((await sh(runtime, id, 'touch /data/x')).code).toBe(1);
    expect((await sh(runtime, id, 'touch /scratch/x')).code).toBe(0);
    const { out } = await sh(runtime, id, 'cat /proc/self/status');
    expect(out).toMatch(/CapEff:\s+0+\n/);
    expect(out).toMatch(/CapBnd:\s+0+\n/);
    expect(out).toMatch(/NoNewPrivs:\s+1/);
    expect(out).toMatch(/Seccomp:\s+2/);
    const [usage] = await runtime.usage(spec.uid);
    expect(usage?.memoryBytes).toBeGreaterThan(0);
    await rm(directory, { recursive: true });
  });

  test('a container that takes more memory than it may is ended and says so', async () => {
    const { runtime } = await engine.open();
    const spec = pod('tenant-ada', 'greedy');
    await runtime.createPod(spec, signal());
    const hungry = busybox(['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done'], { limits: { memoryBytes: 16 << 20 } });
    const { id } = await runtime.startContainer(spec.uid, hungry, signal());
    expect(await runtime.waitContainer(id, signal())).toMatchObject({ phase: 'exited', exitCode: 137, outOfMemory: true });
  });

  test('the engine service may die: pods live on, and the runtime works again', async () => {
    const { runtime } = await engine.open();
    const spec = pod('tenant-ada', 'survivor');
    await runtime.createPod(spec, signal());
    await runtime.startContainer(spec.uid, busybox(commands.serve(5900, 'here')), signal());
    const stop = new AbortController();
    const events = runtime.events(stop.signal);
    const pid = Number(await readFile(join(engine.directory, 'engine', 'podman.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    for await (const event of events) if (event.type === 'resync') break;
    stop.abort();
    (await runtime.dial(spec.uid, 5900, signal())).destroy();
    expect((await runtime.pods()).map(({ name, containers }) => [name, containers[0]?.state.phase])).toEqual([['survivor', 'running']]);
  });

  test('a pod whose sandbox was killed is reported as lost', async () => {
    const { runtime, installation } = await engine.open();
    const stop = new AbortController();
    const events = runtime.events(stop.signal);
    const spec = pod('tenant-ada', 'unlucky');
    await runtime.createPod(spec, signal());
    const { docker } = requireEngine(engine.start);
    const rows = await docker.listContainers({ filters: JSON.stringify({ label: [`crownlabs.polito.it/installation=${installation}`] }) });
    await Promise.all(rows.map(({ Id }) => docker.getContainer(Id).kill()));
    for await (const event of events) {
      if (event.type !== 'pod-lost') continue;
      expect(event.podUid).toBe(spec.uid);
      break;
    }
    stop.abort();
  });
});
