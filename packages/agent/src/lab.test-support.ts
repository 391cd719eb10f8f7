import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer } from '@crownlabs/apiserver';
import { createClient, informer, type KubeClient, namespaces, pods } from '@crownlabs/client';
import { type FakeRuntime, type FakeRuntimeOptions, fakeRuntime, type Runtime } from '@crownlabs/runtime';
import { silent, systemClock } from '@crownlabs/std';
import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { type Agent, type AgentConfig, startAgent } from './agent.ts';
import type { Pod } from './pod.ts';

/** A real API in memory, and agents on it. */
export interface Lab<R extends Runtime = FakeRuntime> {
  readonly client: KubeClient;
  readonly runtime: R;
  readonly dataDir: string;
  readonly agent: Agent;
  /** Ends the agent, leaves the containers, and starts another one. */
  restart(): Promise<Agent>;
  stop(): Promise<void>;
  /** Creates a pod that is bound to the node already. */
  pod(name: string, spec?: Partial<PodSpec>, labels?: Record<string, string>): Promise<Pod>;
  /** Waits until the pod is as `want` says. */
  until(name: string, want: (pod: Pod | undefined) => boolean): Promise<Pod | undefined>;
  end(): Promise<void>;
}

export const NODE = 'n1';
export const NAMESPACE = 'tenant-ada';

/** A lab over a fake runtime, or over the one given. */
export async function lab(options: FakeRuntimeOptions = {}): Promise<Lab> {
  return labOver(fakeRuntime(options));
}

/** A lab over a runtime. */
export async function labOver<R extends Runtime>(runtime: R, config: AgentConfig = {}, place?: string): Promise<Lab<R>> {
  const dataDir = place ?? (await mkdtemp(join(tmpdir(), 'crownlabs-agent-')));
  let key = '';
  const signingKey = {
    read: () => Promise.resolve(key === '' ? undefined : key),
    write: (pem: string) => Promise.resolve(void (key = pem)),
  };
  const api = await createApiServer({ signingKey, admission: { without: ['ServiceAccount'] } });
  const client = createClient(api.transport({ username: 'test', groups: ['system:masters'] }), { fieldManager: 'test' });
  for (const name of [NAMESPACE, 'kube-node-lease']) {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }).catch(() => undefined);
  }
  const watching = new AbortController();
  const live = informer(client, pods, {}, watching.signal);
  await live.synced();
  let stopping = new AbortController();
  const begin = () =>
    startAgent({ client, runtime, nodeName: NODE, dataDir, clock: systemClock, log: silent, config, signal: stopping.signal });
  let agent = await begin();
  const stop = async () => {
    stopping.abort();
    await agent.stopped;
  };
  const until = (name: string, want: (pod: Pod | undefined) => boolean) =>
    new Promise<Pod | undefined>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} is ${JSON.stringify(live.get(name, NAMESPACE)?.status)}`)), 8_000);
      const look = () => {
        const pod = live.get(name, NAMESPACE);
        if (!want(pod)) return;
        clearTimeout(timer);
        queueMicrotask(() => off());
        resolve(pod);
      };
      const off = live.onChange(look);
      look();
    });
  return {
    client,
    runtime,
    dataDir,
    get agent() {
      return agent;
    },
    stop,
    restart: async () => {
      await stop();
      stopping = new AbortController();
      agent = await begin();
      return agent;
    },
    pod: (name, spec = {}, labels = {}) => client.create(pods, podNamed(name, spec, labels)),
    until,
    end: async () => {
      await stop();
      watching.abort();
      await api[Symbol.asyncDispose]();
      if (place === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function podNamed(name: string, spec: Partial<PodSpec>, labels: Record<string, string>) {
  const containers = [{ name: 'desktop', image: 'crownlabs/desktop:1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { nodeName: NODE, terminationGracePeriodSeconds: 1, containers, ...spec },
  };
}

/** Whether the pod's condition of that type is True. */
export function is(type: string): (pod: Pod | undefined) => boolean {
  return (pod) => pod?.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
