import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ContainerSpec, PodSpec, Runtime } from './runtime.ts';

/** What the contract needs of the world: how to say simple things in an image of that runtime. */
export interface ContractWorld {
  readonly runtime: Runtime;
  readonly image: string;
  readonly commands: {
    readonly idle: readonly string[];
    say(text: string, exitCode: number): readonly string[];
    complain(text: string, exitCode: number): readonly string[];
    /** Answers each connection to `port` with `text` and a newline. */
    serve(port: number, text: string): readonly string[];
    readonly whoami: readonly string[];
    getenv(name: string): readonly string[];
    readonly cat: readonly string[];
  };
}

/** One promise of the port, in words and as a check that throws. */
export interface ContractCase {
  readonly name: string;
  run(world: ContractWorld): Promise<void>;
}

let pods = 0;

/** A pod of its own for one case, removed afterwards. */
async function withPod(world: ContractWorld, work: (pod: PodSpec & { ip: string }, signal: AbortSignal) => Promise<void>): Promise<void> {
  const n = ++pods;
  const spec: PodSpec = { uid: crypto.randomUUID(), namespace: 'contract', name: `pod-${n}`, hostname: `pod-${n}` };
  const signal = AbortSignal.timeout(20_000);
  const { ip } = await world.runtime.createPod(spec, signal);
  try {
    await work({ ...spec, ip }, signal);
  } finally {
    await world.runtime.removePod(spec.uid);
  }
}

function spec(world: ContractWorld, command: readonly string[], more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name: 'main',
    attempt: 0,
    image: world.image,
    command,
    env: [],
    mounts: [],
    limits: {},
    security: {
      user: { uid: 1010, gid: 1010 },
      groups: [],
      capabilities: 'all-dropped',
      addCapabilities: [],
      noNewPrivileges: true,
      readOnlyRoot: true,
      privileged: false,
      unconfinedSeccomp: false,
    },
    stdin: false,
    tty: false,
    ...more,
  };
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function run(world: ContractWorld, id: string, command: readonly string[], input?: string) {
  const stream = await world.runtime.exec(id, { command, tty: false, stdin: input !== undefined }, AbortSignal.timeout(10_000));
  if (input !== undefined) stream.stdin.end(input);
  const [stdout, stderr, exitCode] = await Promise.all([text(stream.stdout), text(stream.stderr), stream.exited]);
  return { stdout, stderr, exitCode };
}

/** Dials until something answers: a container that runs may not listen yet. */
async function banner(runtime: Runtime, uid: string, port: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      const socket = await runtime.dial(uid, port, AbortSignal.timeout(1_000));
      const [first] = await once(socket, 'data', { signal: AbortSignal.timeout(2_000) });
      socket.destroy();
      return String(first).trim();
    } catch (error) {
      if (attempt > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What every runtime promises. */
export const runtimeContract: readonly ContractCase[] = [
  {
    name: 'a container runs in its pod and is listed with it',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        assert.match(pod.ip, /^\d+\.\d+\.\d+\.\d+$/);
        const started = await world.runtime.startContainer(pod.uid, spec(world, world.commands.idle), signal);
        assert.equal(started.state.phase, 'running');
        const listed = (await world.runtime.pods()).find(({ uid }) => uid === pod.uid);
        assert.deepEqual([listed?.ip, listed?.alive, listed?.name], [pod.ip, true, pod.name]);
        assert.deepEqual(
          listed?.containers.map(({ id, name, state }) => [id, name, state.phase]),
          [[started.id, 'main', 'running']],
        );
      }),
  },
  {
    name: 'a container that ends is reported with its exit code, by wait and by event',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        const stop = new AbortController();
        const events = world.runtime.events(stop.signal);
        const started = await world.runtime.startContainer(pod.uid, spec(world, world.commands.say('done', 3)), signal);
        const state = await world.runtime.waitContainer(started.id, signal);
        assert.deepEqual([state.phase, state.phase === 'exited' && state.exitCode], ['exited', 3]);
        for await (const event of events) {
          if (event.type !== 'exited' || event.container.id !== started.id) continue;
          assert.equal(event.container.state.phase === 'exited' && event.container.state.exitCode, 3);
          break;
        }
        stop.abort();
      }),
  },
  {
    name: 'logs are kept after the end, whole or by the last lines',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        const started = await world.runtime.startContainer(pod.uid, spec(world, world.commands.say('hello log', 0)), signal);
        await world.runtime.waitContainer(started.id, signal);
        const request = { follow: false, timestamps: false };
        assert.equal(await text(world.runtime.logs(started.id, request, signal)), 'hello log\n');
        assert.equal(await text(world.runtime.logs(started.id, { ...request, tailLines: 0 }, signal)), '');
        assert.match(
          await text(world.runtime.logs(started.id, { ...request, timestamps: true }, signal)),
          /^\d{4}-\d\d-\d\dT\S+Z hello log\n$/,
        );
        assert.equal(await text(world.runtime.logs(started.id, { ...request, follow: true }, signal)), 'hello log\n');
      }),
  },
  {
    name: 'exec separates output from errors, returns the exit code and takes input',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        const { id } = await world.runtime.startContainer(
          pod.uid,
          spec(world, world.commands.idle, { env: [['COLOUR', 'green = 1']] }),
          signal,
        );
        assert.deepEqual(await run(world, id, world.commands.say('out', 0)), { stdout: 'out\n', stderr: '', exitCode: 0 });
        assert.deepEqual(await run(world, id, world.commands.complain('oops', 4)), { stdout: '', stderr: 'oops\n', exitCode: 4 });
        assert.equal((await run(world, id, world.commands.whoami)).stdout.trim(), '1010');
        assert.equal((await run(world, id, world.commands.getenv('COLOUR'))).stdout.trim(), 'green = 1');
        assert.equal((await run(world, id, world.commands.cat, 'through stdin')).stdout, 'through stdin');
      }),
  },
  {
    name: 'dial reaches a port of the pod, whichever container listens, and the address outlives a restart',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        const { runtime, commands } = world;
        await runtime.startContainer(pod.uid, spec(world, commands.idle, { name: 'other' }), signal);
        const first = await runtime.startContainer(pod.uid, spec(world, commands.serve(5900, 'first life')), signal);
        assert.equal(await banner(runtime, pod.uid, 5900), 'first life');
        await runtime.stopContainer(first.id, 0);
        await assert.rejects(runtime.dial(pod.uid, 5900, signal));
        await runtime.startContainer(pod.uid, spec(world, commands.serve(5900, 'second life'), { attempt: 1 }), signal);
        assert.equal(await banner(runtime, pod.uid, 5900), 'second life');
        assert.equal((await runtime.pods()).find(({ uid }) => uid === pod.uid)?.ip, pod.ip);
      }),
  },
  {
    name: 'a removed pod leaves nothing behind, and removing it again is no error',
    run: async (world) => {
      let uid = '';
      await withPod(world, async (pod, signal) => {
        uid = pod.uid;
        await world.runtime.startContainer(pod.uid, spec(world, world.commands.idle), signal);
        await world.runtime.removePod(pod.uid);
        assert.equal(
          (await world.runtime.pods()).some((it) => it.uid === pod.uid),
          false,
        );
      });
      assert.equal(
        (await world.runtime.pods()).some((it) => it.uid === uid),
        false,
      );
    },
  },
  {
    name: 'an image that is not there is NotFound',
    run: (world) =>
      withPod(world, async (pod, signal) => {
        assert.equal(await world.runtime.images.find('localhost/no-such-image:0'), undefined);
        const missing = spec(world, world.commands.idle, { image: 'localhost/no-such-image:0' });
        await assert.rejects(world.runtime.startContainer(pod.uid, missing, signal), { code: 'NotFound' });
      }),
  },
];
